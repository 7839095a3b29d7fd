-- What was asked never changes, an outcome is written once, and nothing is removed.
CREATE FUNCTION sv_guard_approval() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.outcome <> 'waiting'
       OR ROW(NEW.id, NEW.act, NEW.election_id, NEW.payload, NEW.reason, NEW.requested_by, NEW.expires_at, NEW.created_at)
          IS DISTINCT FROM ROW(OLD.id, OLD.act, OLD.election_id, OLD.payload, OLD.reason, OLD.requested_by,
                               OLD.expires_at, OLD.created_at) THEN
        RAISE EXCEPTION 'what was asked for, and its outcome, do not change' USING ERRCODE = 'SV001';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER approvals_guard BEFORE UPDATE ON approvals FOR EACH ROW EXECUTE FUNCTION sv_guard_approval();
CREATE TRIGGER approvals_kept BEFORE DELETE ON approvals FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER approvals_no_truncate BEFORE TRUNCATE ON approvals EXECUTE FUNCTION sv_refuse();

CREATE TRIGGER election_extensions_unchangeable BEFORE UPDATE OR DELETE ON election_extensions
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER election_extensions_no_truncate BEFORE TRUNCATE ON election_extensions EXECUTE FUNCTION sv_refuse();

-- The window of an election that is no draft stays; an open one closes later where the newest addendum says so.
-- The addendum's signature is checked where the key is: with the definition, at every cast and every seal.
CREATE FUNCTION sv_guard_window() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    newest election_extensions%ROWTYPE;
BEGIN
    IF OLD.status = 'draft' OR ROW(NEW.opens_at, NEW.closes_at) IS NOT DISTINCT FROM ROW(OLD.opens_at, OLD.closes_at) THEN
        RETURN NEW;
    END IF;
    SELECT * INTO newest FROM election_extensions WHERE election_id = OLD.id ORDER BY place DESC LIMIT 1;
    IF OLD.status <> 'active' OR NEW.status <> 'active' OR NEW.opens_at <> OLD.opens_at
       OR newest.previous_closes_at IS DISTINCT FROM OLD.closes_at
       OR newest.closes_at IS DISTINCT FROM NEW.closes_at THEN
        RAISE EXCEPTION 'the window of an election that was opened changes by a signed extension only'
            USING ERRCODE = 'SV001';
    END IF;
    PERFORM pg_advisory_xact_lock(sv_election_lock(OLD.id));
    RETURN NEW;
END
$$;
CREATE TRIGGER elections_guard_window BEFORE UPDATE ON elections FOR EACH ROW EXECUTE FUNCTION sv_guard_window();

REVOKE EXECUTE ON FUNCTION sv_guard_approval(), sv_guard_window() FROM PUBLIC;

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE ON approvals TO sv_web, sv_sealer;
    GRANT SELECT, INSERT ON election_extensions TO sv_web;
    GRANT SELECT ON election_extensions TO sv_sealer, sv_results, sv_auditor;
    GRANT SELECT ON approvals TO sv_auditor;
    GRANT USAGE ON SEQUENCE approvals_id_seq, election_extensions_id_seq TO sv_web, sv_sealer;
END
$$;
