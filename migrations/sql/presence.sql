-- Presence gates a vote in a meeting, and marks nothing: a cast takes a shared lock of the meeting and reads.  Whoever
-- leaves, is judged anew, or closes the meeting waits for the casts under way, and the next cast sees it.

-- Advisory, because a row lock would write the number of the cast's transaction into the row of who is present.
CREATE FUNCTION sv_meeting_lock(meeting bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$ SELECT (1398031392::bigint << 28) + meeting $$;

CREATE FUNCTION sv_await_casts_of_record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(sv_meeting_lock(OLD.session_id));
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER attendance_records_await_casts BEFORE UPDATE OF status, left_at ON attendance_records
    FOR EACH ROW WHEN (ROW(OLD.status, OLD.left_at) IS DISTINCT FROM ROW(NEW.status, NEW.left_at))
    EXECUTE FUNCTION sv_await_casts_of_record();
CREATE TRIGGER attendance_records_await_casts_gone BEFORE DELETE ON attendance_records
    FOR EACH ROW EXECUTE FUNCTION sv_await_casts_of_record();

CREATE FUNCTION sv_await_casts_of_meeting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(sv_meeting_lock(OLD.id));
    RETURN NEW;
END
$$;
CREATE TRIGGER attendance_sessions_await_casts BEFORE UPDATE OF closed_at ON attendance_sessions
    FOR EACH ROW WHEN (OLD.closed_at IS DISTINCT FROM NEW.closed_at) EXECUTE FUNCTION sv_await_casts_of_meeting();

-- As in election_settings.sql; the meeting is a rule of the election, and what was counted at its ends stays.
CREATE OR REPLACE FUNCTION sv_guard_election() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' OR EXISTS (SELECT FROM votes WHERE election_id = OLD.id) THEN
            RAISE EXCEPTION 'only a draft election may be deleted' USING ERRCODE = 'SV001';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.status <> OLD.status THEN
        IF (OLD.status, NEW.status) NOT IN (('draft', 'active'), ('active', 'closed'), ('closed', 'archived')) THEN
            RAISE EXCEPTION 'an election does not go from % to %', OLD.status, NEW.status USING ERRCODE = 'SV001';
        END IF;
        PERFORM pg_advisory_xact_lock(sv_election_lock(OLD.id));
    END IF;
    IF OLD.status <> 'draft' AND ROW(NEW.public_id, NEW.title, NEW.description, NEW.method, NEW.seats, NEW.max_choices,
            NEW.secrecy, NEW.results_policy, NEW.live_batch, NEW.ballot_length, NEW.box_public_key, NEW.definition,
            NEW.definition_hash, NEW.definition_signature, NEW.activated_at, NEW.channels, NEW.allowed_networks,
            NEW.quorum_rule, NEW.candidate_order, NEW.confirmation_text, NEW.meeting_id, NEW.present_at_opening)
        IS DISTINCT FROM ROW(OLD.public_id, OLD.title, OLD.description, OLD.method, OLD.seats, OLD.max_choices,
            OLD.secrecy, OLD.results_policy, OLD.live_batch, OLD.ballot_length, OLD.box_public_key, OLD.definition,
            OLD.definition_hash, OLD.definition_signature, OLD.activated_at, OLD.channels, OLD.allowed_networks,
            OLD.quorum_rule, OLD.candidate_order, OLD.confirmation_text, OLD.meeting_id, OLD.present_at_opening) THEN
        RAISE EXCEPTION 'the definition of an election is frozen once it is active' USING ERRCODE = 'SV001';
    END IF;
    IF OLD.status IN ('closed', 'archived') AND NEW.closed_at IS DISTINCT FROM OLD.closed_at THEN
        RAISE EXCEPTION 'the end of an election is frozen once it is closed' USING ERRCODE = 'SV001';
    END IF;
    IF OLD.present_at_closing IS NOT NULL AND NEW.present_at_closing IS DISTINCT FROM OLD.present_at_closing
       OR NEW.status IN ('draft', 'active') AND NEW.present_at_closing IS NOT NULL THEN
        RAISE EXCEPTION 'who was present at the end of an election is counted once' USING ERRCODE = 'SV001';
    END IF;
    RETURN NEW;
END
$$;

REVOKE EXECUTE ON FUNCTION sv_meeting_lock(bigint), sv_await_casts_of_record(), sv_await_casts_of_meeting() FROM PUBLIC;

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT EXECUTE ON FUNCTION sv_meeting_lock(bigint) TO sv_web, sv_sealer;
END
$$;
