-- Notes on booth sheets are append-only, for everybody but the owner.
CREATE TRIGGER booth_notes_unchangeable BEFORE UPDATE OR DELETE ON booth_notes
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER booth_notes_no_truncate BEFORE TRUNCATE ON booth_notes EXECUTE FUNCTION sv_refuse();

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT ON booth_notes TO sv_web, sv_sealer;
    GRANT USAGE ON SEQUENCE booth_notes_id_seq TO sv_web, sv_sealer;
    GRANT SELECT (id, election_id, kiosk_id, difference, note, created_at) ON booth_notes TO sv_auditor;
END
$$;
