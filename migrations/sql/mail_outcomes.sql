-- The web plans mails, takes reports and lets the queue go on; the worker pauses the queue and sends what is planned.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE ON mail_queue TO sv_web, sv_sealer;
    GRANT SELECT, INSERT, UPDATE, DELETE ON planned_mails TO sv_web;
    GRANT SELECT, UPDATE ON planned_mails TO sv_sealer;
    GRANT SELECT, INSERT, UPDATE ON not_me_reports TO sv_web;
    GRANT SELECT ON not_me_reports TO sv_sealer;
    GRANT SELECT, INSERT, DELETE ON rehearsal_answers TO sv_web;
    GRANT SELECT ON rehearsal_answers TO sv_sealer;
    GRANT USAGE ON SEQUENCE planned_mails_id_seq, not_me_reports_id_seq TO sv_web;
END
$$;
