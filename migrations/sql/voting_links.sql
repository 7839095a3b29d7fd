-- Voting links: what the web and the worker may do with them, and a cast by a channel that the election has.

-- Cast one vote, as in suspension_in_cast.sql, by a channel of the election only.  SQLSTATE SV015: not this channel.
CREATE OR REPLACE FUNCTION cast_ballot(
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
    PERFORM pg_advisory_xact_lock_shared(sv_voter_lock(p_voter));
    SELECT * INTO STRICT election FROM elections WHERE id = p_election;
    moment := clock_timestamp();
    IF election.status <> 'active' OR moment < election.opens_at OR moment >= election.closes_at THEN
        RAISE EXCEPTION 'the election is not open' USING ERRCODE = 'SV010';
    END IF;
    IF p_channel <> ALL (election.channels) THEN
        RAISE EXCEPTION 'the election is not voted in by this channel' USING ERRCODE = 'SV015';
    END IF;
    IF election.definition_hash <> p_definition_hash THEN
        RAISE EXCEPTION 'the definition is not the signed one' USING ERRCODE = 'SV011';
    END IF;
    IF election.secrecy = 'secret' AND (p_sealed_payload IS NULL OR p_candidates IS NOT NULL OR p_nota)
       OR election.secrecy = 'recorded' AND (p_sealed_payload IS NOT NULL OR p_candidates IS NULL
           OR p_nota <> (cardinality(p_candidates) = 0) OR cardinality(p_candidates) > election.max_choices) THEN
        RAISE EXCEPTION 'this call does not fit the secrecy of the election' USING ERRCODE = 'SV012';
    END IF;
    IF (SELECT status FROM voters WHERE id = p_voter) IS DISTINCT FROM 'verified' THEN
        RAISE EXCEPTION 'the voter may not vote' USING ERRCODE = 'SV014';
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

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT SELECT, INSERT, UPDATE, DELETE ON voting_tokens, replaced_tokens, link_sendings TO sv_web, sv_sealer;
    GRANT USAGE ON SEQUENCE link_sendings_id_seq TO sv_web, sv_sealer;
END
$$;
