-- How a tie was resolved is append-only, and only a closed election has a tie to resolve.
CREATE TRIGGER tie_resolutions_unchangeable BEFORE UPDATE OR DELETE ON tie_resolutions
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER tie_resolutions_no_truncate BEFORE TRUNCATE ON tie_resolutions EXECUTE FUNCTION sv_refuse();

CREATE FUNCTION sv_guard_resolution() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM elections WHERE id = NEW.election_id AND status = 'closed') THEN
        RAISE EXCEPTION 'only a closed election has a tie to resolve' USING ERRCODE = 'SV001';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tie_resolutions_guard BEFORE INSERT ON tie_resolutions
    FOR EACH ROW EXECUTE FUNCTION sv_guard_resolution();

-- The rule for NOTA and the lot order are part of the signed definition, beside what sv_guard_election() freezes.
CREATE FUNCTION sv_guard_rules() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the rules of an election are frozen once it is active' USING ERRCODE = 'SV001';
END
$$;
CREATE TRIGGER elections_guard_rules BEFORE UPDATE ON elections FOR EACH ROW
    WHEN (OLD.status <> 'draft' AND (OLD.nota_rule IS DISTINCT FROM NEW.nota_rule
          OR OLD.lot_order IS DISTINCT FROM NEW.lot_order))
    EXECUTE FUNCTION sv_guard_rules();

-- A party stays as it is while the ballots with its name are being counted, too.
CREATE OR REPLACE FUNCTION sv_guard_party() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF ROW(NEW.name, NEW.symbol_path) IS DISTINCT FROM ROW(OLD.name, OLD.symbol_path) AND EXISTS (
            SELECT FROM candidates c JOIN elections e ON e.id = c.election_id
             WHERE c.party_id = OLD.id AND e.status IN ('active', 'closed')) THEN
        RAISE EXCEPTION 'a party is frozen while an election with its candidates is open or counted'
            USING ERRCODE = 'SV001';
    END IF;
    RETURN NEW;
END
$$;

DO $$
BEGIN
    REVOKE EXECUTE ON FUNCTION sv_guard_resolution(), sv_guard_rules() FROM PUBLIC;
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT ON tie_resolutions TO sv_web, sv_sealer;
    GRANT SELECT ON tie_resolutions TO sv_results, sv_auditor;
END
$$;
