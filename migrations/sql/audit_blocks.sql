-- Audit rows are chained in blocks, gap-free, by the worker alone; no transaction that writes an audit row waits for it.
CREATE TRIGGER audit_blocks_unchangeable BEFORE UPDATE OR DELETE ON audit_blocks FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER audit_blocks_no_truncate BEFORE TRUNCATE ON audit_blocks EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER audit_chain_unchangeable BEFORE UPDATE OR DELETE ON audit_chain FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER audit_chain_no_truncate BEFORE TRUNCATE ON audit_chain EXECUTE FUNCTION sv_refuse();

-- No election has the number 0, so this lock is nobody else's.
CREATE FUNCTION sv_audit_chain_lock() RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$ SELECT sv_election_lock(0) $$;

CREATE FUNCTION sv_audit_block_hash(height bigint, first_seq bigint, row_count bigint, root bytea, previous bytea,
                                    made_at timestamptz) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT sha256(sv_text('audit-block/1') || sv_int(height) || sv_int(first_seq) || sv_int(row_count)
                  || sv_field('h', root) || sv_field('h', previous)
                  || sv_int((extract(epoch FROM made_at) * 1000000)::bigint))
$$;

-- Up to which number all rows are surely chained.  Numbers are given before the commit and become visible out of
-- order, so a number may be passed only when every transaction that could still bring a smaller one is over.  Three
-- calls, each a later transaction: the first notes the newest number given so far; the second, a minute on, notes its
-- own transaction number (whoever had drawn a row number by then has a smaller one); the third finds all transactions
-- before that one ended, and nothing left to chain.  Only the cost of a call depends on this: with p_everything
-- chain_audit_rows() looks at all rows.
CREATE FUNCTION sv_advance_audit_mark(p_all_seen boolean, p_nothing_left boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    mark audit_chain_marks%ROWTYPE;
    newest bigint;
BEGIN
    SELECT * INTO STRICT mark FROM audit_chain_marks;
    SELECT last_value INTO newest FROM audit_logs_id_seq;
    IF mark.next_mark IS NULL OR p_all_seen AND p_nothing_left THEN
        UPDATE audit_chain_marks SET next_mark = newest, noted_at = clock_timestamp(), before_xid = NULL,
            chained_to = CASE WHEN p_all_seen AND p_nothing_left THEN mark.next_mark ELSE mark.chained_to END;
    ELSIF mark.before_xid IS NULL AND transaction_timestamp() > mark.noted_at + interval '1 minute' THEN
        UPDATE audit_chain_marks SET before_xid = pg_current_xact_id()::text::bigint;
    END IF;
END
$$;

-- Chain up to p_limit rows that are not chained yet, in the order of their numbers, as one block; return how many.
-- Callers wait for each other, so the chain cannot fork; a caller with an old snapshot violates a UNIQUE instead.
CREATE FUNCTION chain_audit_rows(p_limit integer, p_everything boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    above bigint;
    all_seen boolean;
    ids bigint[];
    block audit_blocks%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(sv_audit_chain_lock());
    SELECT CASE WHEN p_everything THEN -1 ELSE chained_to END,
           coalesce(pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= before_xid, false)
      INTO STRICT above, all_seen FROM audit_chain_marks;
    SELECT height + 1, first_seq + rows, block_hash INTO block.height, block.first_seq, block.previous_hash
      FROM audit_blocks ORDER BY height DESC LIMIT 1;
    SELECT array_agg(id ORDER BY id), count(*),
           sha256(sv_text('audit-root/1') || string_agg(sv_int(id) || sv_field('h', row_hash), ''::bytea ORDER BY id))
      INTO ids, block.rows, block.root
      FROM (SELECT a.id, a.row_hash FROM audit_logs a
             WHERE a.id > above AND NOT EXISTS (
                   SELECT FROM audit_chain c WHERE c.audit_log_id = a.id AND c.audit_log_id > above)
             ORDER BY a.id LIMIT p_limit) AS unchained;
    IF block.rows > 0 THEN
        block.height := coalesce(block.height, 1);
        block.first_seq := coalesce(block.first_seq, 1);
        block.previous_hash := coalesce(block.previous_hash, decode(repeat('00', 32), 'hex'));
        block.made_at := clock_timestamp();
        block.block_hash := sv_audit_block_hash(block.height, block.first_seq, block.rows, block.root,
                                                block.previous_hash, block.made_at);
        INSERT INTO audit_blocks SELECT block.*;
        INSERT INTO audit_chain (seq, audit_log_id, height)
        SELECT block.first_seq + place - 1, id, block.height FROM unnest(ids) WITH ORDINALITY AS chained(id, place);
    END IF;
    PERFORM sv_advance_audit_mark(all_seen, block.rows < p_limit);
    RETURN block.rows;
END
$$;

-- A signed head is what it was when it was signed; the one thing that comes later is the time stamp of an authority.
CREATE FUNCTION sv_guard_head() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.timestamp_token IS NULL AND NEW.timestamp_token IS NOT NULL
       AND to_jsonb(NEW) - 'timestamp_token' = to_jsonb(OLD) - 'timestamp_token' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a signed head is append-only' USING ERRCODE = 'SV002';
END
$$;
CREATE TRIGGER signed_heads_guard BEFORE UPDATE ON signed_heads FOR EACH ROW EXECUTE FUNCTION sv_guard_head();
CREATE TRIGGER signed_heads_undeletable BEFORE DELETE ON signed_heads FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER signed_heads_no_truncate BEFORE TRUNCATE ON signed_heads EXECUTE FUNCTION sv_refuse();

CREATE TRIGGER head_mails_unchangeable BEFORE UPDATE OR DELETE ON head_mails FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER head_mails_no_truncate BEFORE TRUNCATE ON head_mails EXECUTE FUNCTION sv_refuse();

INSERT INTO audit_chain_marks (id, chained_to) VALUES (true, 0);

DO $$
BEGIN
    REVOKE EXECUTE ON FUNCTION chain_audit_rows(integer, boolean), sv_advance_audit_mark(boolean, boolean),
        sv_guard_head(), sv_audit_chain_lock(),
        sv_audit_block_hash(bigint, bigint, bigint, bytea, bytea, timestamptz) FROM PUBLIC;
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT EXECUTE ON FUNCTION chain_audit_rows(integer, boolean) TO sv_sealer;
    GRANT EXECUTE ON FUNCTION sv_audit_block_hash(bigint, bigint, bigint, bytea, bytea, timestamptz) TO sv_auditor;
    GRANT SELECT ON audit_blocks, audit_chain, signed_heads, head_mails TO sv_web, sv_sealer, sv_results, sv_auditor;
    GRANT INSERT, UPDATE (timestamp_token) ON signed_heads TO sv_sealer;
    GRANT INSERT ON head_mails TO sv_sealer;
    GRANT USAGE ON SEQUENCE signed_heads_id_seq, head_mails_id_seq TO sv_sealer;
END
$$;
