-- The worker (role sealer) writes its sign of life; web and results read it.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON worker_beats TO sv_sealer;
    GRANT SELECT ON worker_beats TO sv_web, sv_results, sv_auditor;
END
$$;
