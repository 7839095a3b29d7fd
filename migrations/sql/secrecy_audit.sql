-- Runs of the self-attack are append-only; nobody but the owner, who plays the attacker, writes one.
CREATE TRIGGER secrecy_audits_unchangeable BEFORE UPDATE OR DELETE ON secrecy_audits
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER secrecy_audits_no_truncate BEFORE TRUNCATE ON secrecy_audits EXECUTE FUNCTION sv_refuse();

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT ON secrecy_audits TO sv_web, sv_sealer, sv_auditor;
END
$$;
