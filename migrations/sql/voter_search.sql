-- Finding voters by the beginnings of words.  The same folding stands on both sides: letters without accents, in
-- lower case.  pg_trgm is not in the embedded server, so a part from the middle of a word is not found.
-- Bodies by RETURN are bound when they are made: no search_path reaches them, and the planner may inline them.
CREATE FUNCTION sv_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(replace(replace(translate(
           regexp_replace(normalize(lower(words), NFKD), '[\u0300-\u036f]+', '', 'g'),
           'øłđðıħ', 'olddih'), 'ß', 'ss'), 'æ', 'ae'), 'þ', 'th');

CREATE FUNCTION sv_words(words text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN words ~ '^[ -~]*$' THEN regexp_split_to_array(lower(words), '[^a-z0-9]+')
            ELSE regexp_split_to_array(sv_fold(words), '[\s!-/:-@\[-`{-~\u00a0\u2010-\u2015\u2018\u2019]+') END;

-- Name, the part of the address before the @ word by word, the address as a whole and its domain, the voter ID as a
-- whole and its last digits, which people read out.
CREATE FUNCTION sv_search_words(name text, email text, number text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_to_tsvector(array_remove(array_remove(
           sv_words(left(name, 1000) || ' ' || split_part(left(coalesce(email, ''), 400), '@', 1))
           || ARRAY[lower(left(email, 400)), '@' || split_part(lower(left(email, 400)), '@', 2), number,
                    right(number, 5), right(number, 4)],
           ''), NULL));

-- All words must occur, each at the beginning of one; a word with an @ is compared as an address.  NULL finds nothing.
CREATE FUNCTION sv_search_query(asked text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT string_agg(format('''%s'':*', replace(replace(left(word, 200), '\', '\\'), '''', '''''')), ' & ')::tsquery
      FROM regexp_split_to_table(asked, '\s+') AS piece,
           unnest(CASE WHEN position('@' IN piece) > 0 THEN ARRAY[lower(piece)] ELSE public.sv_words(piece) END) AS word
     WHERE word <> ''
$$;
