-- Roles: web serves pages, sealer is the worker, results and auditor read.  They are made here so that no installation
-- is without them; where the owner may not make roles, `flask check` says what is missing.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['sv_web', 'sv_sealer', 'sv_results', 'sv_auditor'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN RAISE NOTICE 'role % could not be made: no right to make roles', role;
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server was first
        END;
    END LOOP;
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;

DO $$
BEGIN
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('sv_web', 'sv_sealer', 'sv_results', 'sv_auditor')) < 4 THEN
        RETURN;
    END IF;
    GRANT USAGE ON SCHEMA public TO sv_web, sv_sealer, sv_results, sv_auditor;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sv_web, sv_sealer;
    REVOKE ALL ON SEQUENCE votes_id_seq, seal_batches_id_seq FROM sv_web;

    GRANT SELECT, INSERT, UPDATE, DELETE ON staff_users, staff_sessions, login_failures, voters, voter_faces, consents,
        groups, group_members, elections, election_staff, parties, candidates, kiosks, challenges, ballot_passes,
        email_messages, rate_limit_hits TO sv_web, sv_sealer;
    GRANT SELECT, INSERT, UPDATE ON auth_events, installation_keys TO sv_web, sv_sealer;
    GRANT SELECT, INSERT ON audit_logs TO sv_web, sv_sealer;
    GRANT SELECT, INSERT, DELETE ON roll_entries TO sv_web, sv_sealer;
    GRANT SELECT ON votes, recorded_choices, ballot_receipts, tallies, seal_batches, alembic_version TO sv_web, sv_sealer;
    GRANT EXECUTE ON FUNCTION ballot_counts(bigint) TO sv_web, sv_sealer, sv_results, sv_auditor;
    GRANT EXECUTE ON FUNCTION sv_election_lock(bigint) TO sv_web, sv_sealer;
    GRANT EXECUTE ON FUNCTION cast_ballot(bigint, bigint, text, text, bytea, bytea, bytea, bigint[], boolean) TO sv_web;

    GRANT SELECT ON ballot_box, ballots, spoiled_ballots, seal_batch_members TO sv_sealer;
    GRANT INSERT ON seal_batches, seal_batch_members TO sv_sealer;
    GRANT EXECUTE ON FUNCTION seal_ballots(bigint, jsonb[], text[], uuid[], text[]) TO sv_sealer;

    GRANT SELECT ON elections, parties, candidates, tallies, ballots, ballot_receipts, alembic_version
        TO sv_results, sv_auditor;
    GRANT SELECT (id, election_id, secrecy, cast_at, channel, candidate_id, nota) ON votes TO sv_results;
    GRANT SELECT (id, election_id, secrecy, cast_at, channel, audit_ref) ON votes TO sv_auditor;
    GRANT SELECT (id, election_id, has_voted) ON roll_entries TO sv_results, sv_auditor;
    GRANT SELECT ON audit_logs, seal_batches TO sv_auditor;
    GRANT SELECT (id, election_id, reason) ON spoiled_ballots TO sv_auditor;
    GRANT SELECT (id, election_id) ON ballot_box TO sv_auditor;
    GRANT EXECUTE ON FUNCTION sv_field(text, bytea), sv_text(text), sv_int(bigint), sv_json(jsonb),
        sv_ballot_hash(uuid, bigint, bytea, jsonb) TO sv_auditor;
END
$$;
