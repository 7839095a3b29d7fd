-- Work of the import: rows that wait for the decision, and rows that were refused.
DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON roll_imports, roll_import_rows, roll_import_problems TO sv_web, sv_sealer;
END
$$;

-- The planner has to know of 100,000 new rows before the next search, not when autovacuum comes by.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sv_sealer') AND current_setting('server_version_num')::int >= 170000 THEN
        EXECUTE 'GRANT MAINTAIN ON voters, roll_entries, group_members TO sv_sealer';
    END IF;
END
$$;
