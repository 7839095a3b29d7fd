-- What the tables promise by themselves, whoever writes.  SQLSTATE SV001: frozen; SV002: append-only.

CREATE FUNCTION sv_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'SV002';
END
$$;

CREATE TRIGGER votes_unchangeable BEFORE UPDATE OR DELETE ON votes FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER votes_no_truncate BEFORE TRUNCATE ON votes EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER recorded_choices_unchangeable BEFORE UPDATE OR DELETE ON recorded_choices
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER recorded_choices_no_truncate BEFORE TRUNCATE ON recorded_choices EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER ballot_box_unchangeable BEFORE UPDATE ON ballot_box FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER ballot_box_no_truncate BEFORE TRUNCATE ON ballot_box EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER ballots_unchangeable BEFORE UPDATE OR DELETE ON ballots FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER ballots_no_truncate BEFORE TRUNCATE ON ballots EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER ballot_receipts_unchangeable BEFORE UPDATE OR DELETE ON ballot_receipts
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER ballot_receipts_no_truncate BEFORE TRUNCATE ON ballot_receipts EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER spoiled_ballots_unchangeable BEFORE UPDATE OR DELETE ON spoiled_ballots
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER audit_logs_unchangeable BEFORE UPDATE OR DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs EXECUTE FUNCTION sv_refuse();

-- The roll: has_voted follows a vote and nothing else.
CREATE FUNCTION sv_mark_voted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE roll_entries SET has_voted = true, channel = NEW.channel
     WHERE election_id = NEW.election_id AND voter_id = NEW.voter_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER votes_mark_voted AFTER INSERT ON votes FOR EACH ROW EXECUTE FUNCTION sv_mark_voted();

CREATE FUNCTION sv_guard_roll() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.has_voted OR TG_OP = 'UPDATE' AND pg_trigger_depth() < 2
       AND (NEW.has_voted <> OLD.has_voted OR NEW.election_id <> OLD.election_id OR NEW.voter_id <> OLD.voter_id) THEN
        RAISE EXCEPTION 'has_voted is set by a vote only' USING ERRCODE = 'SV001';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER roll_entries_guard BEFORE INSERT OR UPDATE ON roll_entries FOR EACH ROW EXECUTE FUNCTION sv_guard_roll();

-- Elections: draft → active → closed → archived, and frozen once active.  Closing waits for the casts under way.
CREATE FUNCTION sv_election_lock(election bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$ SELECT (1398031360::bigint << 28) + election $$;

CREATE FUNCTION sv_guard_election() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
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
            NEW.definition_hash, NEW.definition_signature, NEW.activated_at)
        IS DISTINCT FROM ROW(OLD.public_id, OLD.title, OLD.description, OLD.method, OLD.seats, OLD.max_choices,
            OLD.secrecy, OLD.results_policy, OLD.live_batch, OLD.ballot_length, OLD.box_public_key, OLD.definition,
            OLD.definition_hash, OLD.definition_signature, OLD.activated_at) THEN
        RAISE EXCEPTION 'the definition of an election is frozen once it is active' USING ERRCODE = 'SV001';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER elections_guard BEFORE UPDATE OR DELETE ON elections FOR EACH ROW EXECUTE FUNCTION sv_guard_election();

CREATE FUNCTION sv_guard_candidate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM elections WHERE status <> 'draft'
               AND id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.election_id END,
                          CASE WHEN TG_OP <> 'DELETE' THEN NEW.election_id END)) THEN
        RAISE EXCEPTION 'candidates are frozen once their election is active' USING ERRCODE = 'SV001';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER candidates_guard BEFORE INSERT OR UPDATE OR DELETE ON candidates
    FOR EACH ROW EXECUTE FUNCTION sv_guard_candidate();

CREATE FUNCTION sv_guard_party() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF ROW(NEW.name, NEW.symbol_path) IS DISTINCT FROM ROW(OLD.name, OLD.symbol_path) AND EXISTS (
            SELECT FROM candidates c JOIN elections e ON e.id = c.election_id
             WHERE c.party_id = OLD.id AND e.status = 'active') THEN
        RAISE EXCEPTION 'a party is frozen while an election with its candidates is active' USING ERRCODE = 'SV001';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER parties_guard BEFORE UPDATE ON parties FOR EACH ROW EXECUTE FUNCTION sv_guard_party();

-- Audit rows hash themselves.
CREATE FUNCTION sv_hash_audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.created_at := clock_timestamp();
    NEW.row_hash := sha256(sv_text('audit/1') || sv_int(NEW.id) || sv_text(NEW.event_type) || sv_text(NEW.actor)
        || sv_int(NEW.election_id) || sv_json(NEW.details)
        || sv_int((extract(epoch FROM NEW.created_at) * 1000000)::bigint));
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_logs_hash BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION sv_hash_audit_row();

CREATE FUNCTION sv_chain_lock(election bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$ SELECT -sv_election_lock(election) $$;

-- The ballot chain starts at the signed definition; its head is read under a lock, so it cannot fork.
CREATE FUNCTION sv_chain_ballot() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    election elections%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(sv_chain_lock(NEW.election_id));
    SELECT * INTO STRICT election FROM elections WHERE id = NEW.election_id;
    SELECT seq + 1, ballot_hash INTO NEW.seq, NEW.previous_hash
      FROM ballots WHERE election_id = NEW.election_id ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(NEW.seq, 1);
    NEW.previous_hash := coalesce(NEW.previous_hash, election.definition_hash);
    NEW.ballot_hash := sv_ballot_hash(election.public_id, NEW.seq, NEW.previous_hash, NEW.payload);
    RETURN NEW;
END
$$;
CREATE TRIGGER ballots_chain BEFORE INSERT ON ballots FOR EACH ROW EXECUTE FUNCTION sv_chain_ballot();
