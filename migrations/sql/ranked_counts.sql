-- Of a ranked ballot the tally has the first preference; the rounds are counted from the ballots themselves, at closing.
CREATE OR REPLACE FUNCTION seal_ballots(p_batch bigint, p_payloads jsonb[], p_receipts text[], p_spoiled uuid[], p_reasons text[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    batch seal_batches%ROWTYPE;
    members bigint;
    opened bigint := coalesce(cardinality(p_payloads), 0);
    ranked boolean;
BEGIN
    SELECT * INTO STRICT batch FROM seal_batches WHERE id = p_batch FOR UPDATE;
    IF batch.sealed_at IS NOT NULL THEN
        RAISE EXCEPTION 'batch % is sealed already', p_batch USING ERRCODE = 'SV012';
    END IF;
    SELECT method = 'ranked' INTO STRICT ranked FROM elections WHERE id = batch.election_id;
    INSERT INTO spoiled_ballots (id, election_id, reason, sealed_payload)
    SELECT b.id, b.election_id, s.reason, b.sealed_payload
      FROM unnest(p_spoiled, p_reasons) AS s(id, reason)
      JOIN seal_batch_members m ON m.batch_id = p_batch AND m.box_id = s.id
      JOIN ballot_box b ON b.id = s.id AND b.election_id = batch.election_id;
    DELETE FROM ballot_box b USING seal_batch_members m
     WHERE m.batch_id = p_batch AND b.id = m.box_id AND b.election_id = batch.election_id;
    GET DIAGNOSTICS members = ROW_COUNT;
    IF members <> opened + coalesce(cardinality(p_spoiled), 0) OR opened <> coalesce(cardinality(p_receipts), 0) THEN
        RAISE EXCEPTION 'batch % has % members, the call has % ballots', p_batch, members, opened USING ERRCODE = 'SV013';
    END IF;
    INSERT INTO ballots (election_id, payload)
    SELECT batch.election_id, payload FROM unnest(p_payloads) WITH ORDINALITY AS p(payload, place) ORDER BY place;
    INSERT INTO ballot_receipts (election_id, code)
    SELECT batch.election_id, code FROM unnest(p_receipts) AS code ORDER BY code COLLATE "C";
    INSERT INTO tallies AS t (election_id, choice, count, updated_at)
    SELECT batch.election_id, choice, count(*), clock_timestamp()
      FROM unnest(p_payloads) AS payload,
           LATERAL (SELECT 'nota' AS choice WHERE (payload ->> 'nota')::boolean
                    UNION ALL SELECT name FROM jsonb_array_elements_text(payload -> 'candidates')
                                   WITH ORDINALITY AS named(name, place)
                     WHERE place = 1 OR NOT ranked) AS chosen
     GROUP BY choice
    ON CONFLICT (election_id, choice) DO UPDATE SET count = t.count + excluded.count, updated_at = excluded.updated_at;
    DELETE FROM seal_batch_members WHERE batch_id = p_batch;
    UPDATE seal_batches SET sealed_at = clock_timestamp() WHERE id = p_batch;
    RETURN opened;
END
$$;

-- Whoever asks finds the count that was made; nobody changes it.
CREATE TRIGGER ranked_counts_unchangeable BEFORE UPDATE OR DELETE ON ranked_counts
    FOR EACH ROW EXECUTE FUNCTION sv_refuse();
CREATE TRIGGER ranked_counts_no_truncate BEFORE TRUNCATE ON ranked_counts EXECUTE FUNCTION sv_refuse();

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT ON ranked_counts TO sv_web, sv_sealer, sv_results, sv_auditor;
    GRANT INSERT ON ranked_counts TO sv_sealer;
END
$$;
