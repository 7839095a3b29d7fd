-- A batch is signed once, in the transaction that seals it, and stays as it is.
CREATE FUNCTION sv_guard_seal() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.signature IS NOT NULL
       OR ROW(NEW.id, NEW.election_id, NEW.final) IS DISTINCT FROM ROW(OLD.id, OLD.election_id, OLD.final) THEN
        RAISE EXCEPTION '% on seal_batches is refused: a sealing stays as it was signed', TG_OP USING ERRCODE = 'SV002';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER seal_batches_guard BEFORE UPDATE OR DELETE ON seal_batches FOR EACH ROW EXECUTE FUNCTION sv_guard_seal();
CREATE TRIGGER seal_batches_no_truncate BEFORE TRUNCATE ON seal_batches EXECUTE FUNCTION sv_refuse();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sv_sealer') THEN
        GRANT UPDATE (first_seq, last_seq, head, signature) ON seal_batches TO sv_sealer;
    END IF;
END
$$;
