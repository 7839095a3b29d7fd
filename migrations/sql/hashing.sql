-- Hashes are SHA-256 over typed, length-prefixed fields: one tag byte, four bytes of length (big endian), the bytes.
-- docs/verification.md repeats this with an example to redo by hand.

CREATE FUNCTION sv_field(tag text, content bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT convert_to(tag, 'UTF8') || int4send(coalesce(octet_length(content), 0)) || coalesce(content, ''::bytea)
$$;

CREATE FUNCTION sv_text(content text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN content IS NULL THEN public.sv_field('0', NULL)
                ELSE public.sv_field('s', convert_to(content, 'UTF8')) END
$$;

CREATE FUNCTION sv_int(content bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN content IS NULL THEN public.sv_field('0', NULL) ELSE public.sv_field('i', int8send(content)) END
$$;

CREATE FUNCTION sv_json(content jsonb) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    inside bytea := ''::bytea;
    part record;
BEGIN
    CASE jsonb_typeof(content)
        WHEN 'object' THEN
            FOR part IN SELECT key, value FROM jsonb_each(content) ORDER BY key COLLATE "C" LOOP
                inside := inside || sv_text(part.key) || sv_json(part.value);
            END LOOP;
            RETURN sv_field('o', inside);
        WHEN 'array' THEN
            FOR part IN SELECT value FROM jsonb_array_elements(content) WITH ORDINALITY AS e(value, place) ORDER BY place LOOP
                inside := inside || sv_json(part.value);
            END LOOP;
            RETURN sv_field('a', inside);
        WHEN 'string' THEN RETURN sv_text(content #>> '{}');
        WHEN 'number' THEN RETURN sv_field('n', convert_to(content #>> '{}', 'UTF8'));
        WHEN 'boolean' THEN RETURN sv_field('b', convert_to(content #>> '{}', 'UTF8'));
        ELSE RETURN sv_field('0', NULL);
    END CASE;
END
$$;

-- A ballot's hash: "ballot/1", the election's public id, its place, the hash before it, and its content.
CREATE FUNCTION sv_ballot_hash(election uuid, place bigint, previous bytea, content jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT sha256(sv_text('ballot/1') || sv_text(election::text) || sv_int(place)
                  || sv_field('h', previous) || sv_json(content))
$$;
