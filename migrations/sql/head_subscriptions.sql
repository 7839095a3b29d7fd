-- The web enters, confirms and ends subscriptions; the worker reads them and ends those of a closed election.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON head_subscriptions TO sv_web;
    GRANT SELECT, DELETE ON head_subscriptions TO sv_sealer;
    GRANT USAGE ON SEQUENCE head_subscriptions_id_seq TO sv_web;
END
$$;
