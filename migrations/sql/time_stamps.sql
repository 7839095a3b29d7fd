-- The stamp of an authority comes once, whole, with what it says; nothing else of a signed head ever changes.
CREATE OR REPLACE FUNCTION sv_guard_head() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    stamp CONSTANT text[] := ARRAY['timestamp_token', 'stamped_at', 'stamped_by'];
BEGIN
    IF OLD.timestamp_token IS NULL AND NEW.timestamp_token IS NOT NULL
       AND to_jsonb(NEW) - stamp = to_jsonb(OLD) - stamp THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a signed head is append-only' USING ERRCODE = 'SV002';
END
$$;

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT UPDATE (stamped_at, stamped_by) ON signed_heads TO sv_sealer;
    GRANT SELECT ON time_stamping TO sv_web, sv_sealer, sv_results, sv_auditor;
    GRANT INSERT, UPDATE ON time_stamping TO sv_sealer;
END
$$;
