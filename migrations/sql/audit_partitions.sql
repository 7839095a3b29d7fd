-- The audit log in partitions of ten million numbers: what is written now lies in small indexes, what is old is never
-- touched again by vacuum and may be moved to slower disks as a whole.  No partition is ever dropped: the chain needs all.
-- The table as it was becomes the first partition; no row is copied.
CREATE FUNCTION sv_audit_end() RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT max(substring(pg_get_expr(part.relpartbound, part.oid) FROM 'TO \(''?(\d+)')::bigint)
      FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid WHERE inhparent = 'public.audit_logs'::regclass
$$;

-- Make partitions until p_ahead more numbers fit, a hundred million at most; return how many.  Rows that found none lie
-- in the rest: then the next partition begins above every number that is given out so far, and the rest stays.
CREATE FUNCTION sv_make_audit_partitions(p_ahead bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    size CONSTANT bigint := 10000000;
    newest bigint;
    ends bigint := sv_audit_end();
    made bigint := 0;
    part text;
BEGIN
    SELECT last_value INTO newest FROM audit_logs_id_seq;
    IF EXISTS (SELECT FROM audit_logs_rest WHERE id >= ends) THEN
        ends := (newest / size + 2) * size;
    END IF;
    WHILE ends < newest + least(p_ahead, 100000000) LOOP
        part := format('audit_logs_from_%s', ends);
        EXECUTE format('CREATE TABLE public.%I (LIKE audit_logs INCLUDING DEFAULTS)', part);
        EXECUTE format('CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON public.%I EXECUTE FUNCTION sv_refuse()', part);
        EXECUTE format('ALTER TABLE audit_logs ATTACH PARTITION public.%I FOR VALUES FROM (%s) TO (%s)', part, ends, ends + size);
        ends := ends + size;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- How many numbers fit into the partitions; negative when rows had to go into the rest above the last one.
CREATE FUNCTION sv_audit_room() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT sv_audit_end() - last_value FROM audit_logs_id_seq
$$;

DO $$
DECLARE
    index text;
    bound bigint;
BEGIN
    FOREACH index IN ARRAY ARRAY['pk_audit_logs', 'ix_audit_logs_election_id_created_at', 'ix_audit_logs_election_id_id',
                                 'ix_audit_logs_event_type_id', 'ix_audit_logs_actor_id', 'ix_audit_logs_created_at'] LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', index, index || '_first');
    END LOOP;
    ALTER TABLE audit_chain DROP CONSTRAINT fk_audit_chain_audit_log_id_audit_logs;
    DROP TRIGGER audit_logs_unchangeable ON audit_logs;
    DROP TRIGGER audit_logs_hash ON audit_logs;
    ALTER TABLE audit_logs RENAME TO audit_logs_first;
    CREATE TABLE audit_logs (LIKE audit_logs_first INCLUDING DEFAULTS) PARTITION BY RANGE (id);
    ALTER SEQUENCE audit_logs_id_seq OWNED BY audit_logs.id;
    ALTER TABLE audit_logs ADD CONSTRAINT pk_audit_logs PRIMARY KEY (id);
    CREATE INDEX ix_audit_logs_election_id_created_at ON audit_logs (election_id, created_at);
    CREATE INDEX ix_audit_logs_election_id_id ON audit_logs (election_id, id);
    CREATE INDEX ix_audit_logs_event_type_id ON audit_logs (event_type, id);
    CREATE INDEX ix_audit_logs_actor_id ON audit_logs (actor, id);
    CREATE INDEX ix_audit_logs_created_at ON audit_logs (created_at);
    SELECT (last_value / 10000000 + 1) * 10000000 INTO bound FROM audit_logs_id_seq;
    EXECUTE format('ALTER TABLE audit_logs ATTACH PARTITION audit_logs_first FOR VALUES FROM (MINVALUE) TO (%s)', bound);
    CREATE TABLE audit_logs_rest PARTITION OF audit_logs DEFAULT;
    CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs_rest EXECUTE FUNCTION sv_refuse();
    CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs EXECUTE FUNCTION sv_refuse();
    CREATE TRIGGER audit_logs_unchangeable BEFORE UPDATE OR DELETE ON audit_logs
        FOR EACH ROW EXECUTE FUNCTION sv_refuse();
    CREATE TRIGGER audit_logs_hash BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION sv_hash_audit_row();
    ALTER TABLE audit_chain ADD CONSTRAINT fk_audit_chain_audit_log_id_audit_logs
        FOREIGN KEY (audit_log_id) REFERENCES audit_logs (id);
    REVOKE EXECUTE ON FUNCTION sv_audit_end(), sv_make_audit_partitions(bigint), sv_audit_room() FROM PUBLIC;
    PERFORM sv_make_audit_partitions(20000000);
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    REVOKE ALL ON audit_logs_first FROM sv_web, sv_sealer, sv_results, sv_auditor;
    GRANT SELECT, INSERT ON audit_logs TO sv_web, sv_sealer;
    GRANT SELECT ON audit_logs TO sv_auditor;
    GRANT EXECUTE ON FUNCTION sv_make_audit_partitions(bigint) TO sv_sealer;
    GRANT EXECUTE ON FUNCTION sv_audit_room() TO sv_web, sv_sealer;
END
$$;
