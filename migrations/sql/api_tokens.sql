-- The web keeps bearer tokens; the worker deletes voters' sessions that are over, and their tokens go with them.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON api_tokens TO sv_web;
    GRANT USAGE ON SEQUENCE api_tokens_id_seq TO sv_web;
    GRANT SELECT, DELETE ON api_tokens TO sv_sealer;
END
$$;
