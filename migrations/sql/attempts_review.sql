-- Certificates of erased faces are append-only, for everybody but the owner.
CREATE TRIGGER face_erasures_unchangeable BEFORE UPDATE OR DELETE ON face_erasures
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER face_erasures_no_truncate BEFORE TRUNCATE ON face_erasures EXECUTE FUNCTION sv_refuse();

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON face_means, duplicate_flags TO sv_web, sv_sealer;
    GRANT SELECT, INSERT ON face_erasures TO sv_web, sv_sealer;
    GRANT USAGE ON SEQUENCE face_means_version_seq, duplicate_flags_id_seq, face_erasures_id_seq TO sv_web, sv_sealer;
    GRANT SELECT ON face_erasures TO sv_auditor;
END
$$;
