-- The web alone keeps what was made under which key, and forgets it after a day.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, DELETE ON api_requests TO sv_web;
    GRANT USAGE ON SEQUENCE api_requests_id_seq TO sv_web;
END
$$;
