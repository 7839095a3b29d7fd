-- The booth sheets as they stood at closing are append-only, for everybody but the owner.
CREATE TRIGGER closed_booth_sheets_unchangeable BEFORE UPDATE OR DELETE ON closed_booth_sheets
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER closed_booth_sheets_no_truncate BEFORE TRUNCATE ON closed_booth_sheets EXECUTE FUNCTION sv_refuse();

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT ON closed_booth_sheets TO sv_web, sv_sealer;
    GRANT SELECT ON closed_booth_sheets TO sv_auditor;
END
$$;
