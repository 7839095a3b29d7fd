-- The web keeps accounts; the worker forgets what is over, and reads paths of pictures to know which files are in use.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE
        ON registrations, one_time_codes, voter_sessions, voter_devices, password_resets, identity_checks TO sv_web;
    GRANT SELECT, DELETE
        ON registrations, one_time_codes, voter_sessions, voter_devices, password_resets, identity_checks TO sv_sealer;
    GRANT UPDATE ON identity_checks TO sv_sealer;
    GRANT USAGE ON SEQUENCE registrations_id_seq, one_time_codes_id_seq, voter_sessions_id_seq, voter_devices_id_seq,
        password_resets_id_seq TO sv_web;
END
$$;

-- Whether the face is checked in an account is part of the signed definition, like the rules of result_care.sql.
CREATE TRIGGER elections_guard_identity BEFORE UPDATE ON elections FOR EACH ROW
    WHEN (OLD.status <> 'draft' AND OLD.identity_check IS DISTINCT FROM NEW.identity_check)
    EXECUTE FUNCTION sv_guard_rules();
