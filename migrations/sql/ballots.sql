-- Casting and sealing: the only two ways into the ballot box and out of it.
-- SQLSTATE SV010: not open; SV011: the definition is not the signed one; SV012: malformed call; SV013: the box does not balance.

-- Invariant of every secret election: votes = box + ballots + spoiled.  Each change adds to a transaction-local
-- balance, which has to be zero at commit; constant work, however many ballots there are.
CREATE FUNCTION sv_balance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    election bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.election_id ELSE NEW.election_id END;
    name text := 'sv.balance_' || election;
    change int := CASE WHEN TG_TABLE_NAME = 'votes' THEN 1 ELSE -1 END * CASE WHEN TG_OP = 'DELETE' THEN -1 ELSE 1 END;
BEGIN
    IF TG_TABLE_NAME = 'votes' AND (SELECT secrecy FROM elections WHERE id = election) = 'recorded' THEN
        RETURN NULL;
    END IF;
    PERFORM set_config(name, (coalesce(nullif(current_setting(name, true), ''), '0')::bigint + change)::text, true);
    RETURN NULL;
END
$$;

CREATE FUNCTION sv_check_balance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    election bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.election_id ELSE NEW.election_id END;
BEGIN
    IF coalesce(nullif(current_setting('sv.balance_' || election, true), ''), '0') <> '0' THEN
        RAISE EXCEPTION 'votes of election % do not equal box + ballots + spoiled', election USING ERRCODE = 'SV013';
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['votes', 'ballot_box', 'ballots', 'spoiled_ballots'] LOOP
        EXECUTE format('CREATE TRIGGER %s_balance AFTER INSERT OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION sv_balance()', name, name);
        EXECUTE format('CREATE CONSTRAINT TRIGGER %s_balanced AFTER INSERT OR DELETE ON %I DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION sv_check_balance()', name, name);
    END LOOP;
END
$$;

-- Recorded elections have no box and no ballots.
CREATE FUNCTION sv_secret_only() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT secrecy FROM elections WHERE id = NEW.election_id) <> 'secret' THEN
        RAISE EXCEPTION 'a recorded election has no ballot box' USING ERRCODE = 'SV012';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER ballot_box_secret_only BEFORE INSERT ON ballot_box FOR EACH ROW EXECUTE FUNCTION sv_secret_only();
CREATE TRIGGER a_ballots_secret_only BEFORE INSERT ON ballots FOR EACH ROW EXECUTE FUNCTION sv_secret_only();

-- Cast one vote.  A secret choice never reaches SQL: only its ciphertext does.  Returns the time of the vote.
-- A second vote of the same voter violates uq_votes_election_id_voter_id.
CREATE FUNCTION cast_ballot(
    p_election bigint, p_voter bigint, p_audit_ref text, p_channel text, p_idempotency_hash bytea,
    p_definition_hash bytea, p_sealed_payload bytea, p_candidates bigint[], p_nota boolean
) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    election elections%ROWTYPE;
    moment timestamptz;
    vote bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(sv_election_lock(p_election));
    SELECT * INTO STRICT election FROM elections WHERE id = p_election;
    moment := clock_timestamp();
    IF election.status <> 'active' OR moment < election.opens_at OR moment >= election.closes_at THEN
        RAISE EXCEPTION 'the election is not open' USING ERRCODE = 'SV010';
    END IF;
    IF election.definition_hash <> p_definition_hash THEN
        RAISE EXCEPTION 'the definition is not the signed one' USING ERRCODE = 'SV011';
    END IF;
    IF election.secrecy = 'secret' AND (p_sealed_payload IS NULL OR p_candidates IS NOT NULL OR p_nota)
       OR election.secrecy = 'recorded' AND (p_sealed_payload IS NOT NULL OR p_candidates IS NULL
           OR p_nota <> (cardinality(p_candidates) = 0) OR cardinality(p_candidates) > election.max_choices) THEN
        RAISE EXCEPTION 'this call does not fit the secrecy of the election' USING ERRCODE = 'SV012';
    END IF;
    INSERT INTO votes (election_id, secrecy, voter_id, cast_at, audit_ref, channel, idempotency_hash, nota, candidate_id)
    VALUES (p_election, election.secrecy, p_voter, moment, p_audit_ref, p_channel, p_idempotency_hash,
            coalesce(p_nota, false), CASE WHEN election.method = 'plurality' THEN p_candidates[1] END)
    RETURNING id INTO vote;
    IF election.secrecy = 'secret' THEN
        INSERT INTO ballot_box (election_id, ballot_length, sealed_payload)
        VALUES (p_election, election.ballot_length, p_sealed_payload);
    ELSIF election.method <> 'plurality' THEN
        INSERT INTO recorded_choices (vote_id, candidate_id, rank)
        SELECT vote, candidate, place FROM unnest(p_candidates) WITH ORDINALITY AS c(candidate, place);
    END IF;
    RETURN moment;
END
$$;

-- Seal one committed batch: its members leave the box; opened ones enter the chain in the (shuffled) order given,
-- codes go to ballot_receipts in the order of the codes, the rest is set aside as spoiled.  Returns the ballots sealed.
CREATE FUNCTION seal_ballots(p_batch bigint, p_payloads jsonb[], p_receipts text[], p_spoiled uuid[], p_reasons text[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    batch seal_batches%ROWTYPE;
    members bigint;
    opened bigint := coalesce(cardinality(p_payloads), 0);
BEGIN
    SELECT * INTO STRICT batch FROM seal_batches WHERE id = p_batch FOR UPDATE;
    IF batch.sealed_at IS NOT NULL THEN
        RAISE EXCEPTION 'batch % is sealed already', p_batch USING ERRCODE = 'SV012';
    END IF;
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
                    UNION ALL SELECT jsonb_array_elements_text(payload -> 'candidates')) AS chosen
     GROUP BY choice
    ON CONFLICT (election_id, choice) DO UPDATE SET count = t.count + excluded.count, updated_at = excluded.updated_at;
    DELETE FROM seal_batch_members WHERE batch_id = p_batch;
    UPDATE seal_batches SET sealed_at = clock_timestamp() WHERE id = p_batch;
    RETURN opened;
END
$$;

-- How many, never which: what pages may know of the box.
CREATE FUNCTION ballot_counts(p_election bigint, OUT votes bigint, OUT box bigint, OUT ballots bigint, OUT spoiled bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (SELECT count(*) FROM votes v WHERE v.election_id = p_election),
           (SELECT count(*) FROM ballot_box b WHERE b.election_id = p_election),
           (SELECT coalesce(max(seq), 0) FROM ballots b WHERE b.election_id = p_election),
           (SELECT count(*) FROM spoiled_ballots s WHERE s.election_id = p_election)
$$;
