-- Finding voters by the beginnings of words.  The same folding stands on both sides: letters without accents, in
-- lower case.  pg_trgm is not in the embedded server, so a part from the middle of a word is not found.
CREATE FUNCTION sv_fold(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT replace(replace(replace(translate(regexp_replace(normalize(lower(words), NFKD), '[\u0300-\u036f]+', '', 'g'),
                                     'øłđðıħ', 'olddih'), 'ß', 'ss'), 'æ', 'ae'), 'þ', 'th')
$$;

CREATE FUNCTION sv_words(words text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT regexp_split_to_array(public.sv_fold(words), '[\s!-/:-@\[-`{-~]+')
$$;

-- Name, the part of the address before the @ word by word, the address as a whole and its domain, the voter ID as a
-- whole and its last digits, which people read out.
CREATE FUNCTION sv_search_words(name text, email text, number text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT array_to_tsvector(array(
        SELECT DISTINCT left(word, 200)
          FROM unnest(public.sv_words(name) || public.sv_words(split_part(coalesce(email, ''), '@', 1))
                      || ARRAY[lower(email), '@' || split_part(lower(email), '@', 2), number,
                               right(number, 5), right(number, 4)]) AS word
         WHERE word <> ''))
$$;

-- All words must occur, each at the beginning of one; a word with an @ is compared as an address.  NULL finds nothing.
CREATE FUNCTION sv_search_query(asked text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT string_agg(format('''%s'':*', replace(replace(left(word, 200), '\', '\\'), '''', '''''')), ' & ')::tsquery
      FROM regexp_split_to_table(asked, '\s+') AS piece,
           unnest(CASE WHEN position('@' IN piece) > 0 THEN ARRAY[lower(piece)] ELSE public.sv_words(piece) END) AS word
     WHERE word <> ''
$$;
