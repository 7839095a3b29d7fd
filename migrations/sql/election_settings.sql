-- Everything that is a rule of the election is frozen once it is active, and its end once it is closed.
CREATE OR REPLACE FUNCTION sv_guard_election() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' OR EXISTS (SELECT FROM votes WHERE election_id = OLD.id) THEN
            RAISE EXCEPTION 'only a draft election may be deleted' USING ERRCODE = 'SV001';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.status <> OLD.status THEN
        IF (OLD.status, NEW.status) NOT IN (('draft', 'active'), ('active', 'closed'), ('closed', 'archived')) THEN
            RAISE EXCEPTION 'an election does not go from % to %', OLD.status, NEW.status USING ERRCODE = 'SV001';
        END IF;
        PERFORM pg_advisory_xact_lock(sv_election_lock(OLD.id));
    END IF;
    IF OLD.status <> 'draft' AND ROW(NEW.public_id, NEW.title, NEW.description, NEW.method, NEW.seats, NEW.max_choices,
            NEW.secrecy, NEW.results_policy, NEW.live_batch, NEW.ballot_length, NEW.box_public_key, NEW.definition,
            NEW.definition_hash, NEW.definition_signature, NEW.activated_at, NEW.channels, NEW.allowed_networks,
            NEW.quorum_rule, NEW.candidate_order, NEW.confirmation_text)
        IS DISTINCT FROM ROW(OLD.public_id, OLD.title, OLD.description, OLD.method, OLD.seats, OLD.max_choices,
            OLD.secrecy, OLD.results_policy, OLD.live_batch, OLD.ballot_length, OLD.box_public_key, OLD.definition,
            OLD.definition_hash, OLD.definition_signature, OLD.activated_at, OLD.channels, OLD.allowed_networks,
            OLD.quorum_rule, OLD.candidate_order, OLD.confirmation_text) THEN
        RAISE EXCEPTION 'the definition of an election is frozen once it is active' USING ERRCODE = 'SV001';
    END IF;
    IF OLD.status IN ('closed', 'archived') AND NEW.closed_at IS DISTINCT FROM OLD.closed_at THEN
        RAISE EXCEPTION 'the end of an election is frozen once it is closed' USING ERRCODE = 'SV001';
    END IF;
    RETURN NEW;
END
$$;
