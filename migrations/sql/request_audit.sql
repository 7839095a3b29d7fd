DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE ON request_audit TO sv_web;
    GRANT SELECT, INSERT, UPDATE, DELETE ON request_audit TO sv_sealer;
    GRANT SELECT (id, minute, kind, endpoint, role, count) ON request_audit TO sv_auditor;
    GRANT USAGE ON SEQUENCE request_audit_id_seq TO sv_web, sv_sealer;
END
$$;
