-- Every change is tied to the one before it, in the order of their commits, so that what is
-- altered, taken out or put in behind the triggers shows.

CREATE FUNCTION audit_digest(salt text, name text, said jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(jsonb_build_array(salt, name, said)::text, 'UTF8')), 'hex')
$$;

-- What binds each value without saying it: [salt, digest]. An erased value loses its salt, and
-- nobody guesses a name from the digest that stays in the chain.
CREATE FUNCTION audit_proofs(changed jsonb) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
    WITH salted AS MATERIALIZED (
        SELECT key, value, gen_random_uuid()::text AS salt FROM jsonb_each(changed))
    SELECT jsonb_object_agg(key, jsonb_build_array(salt, audit_digest(salt, key, value))) FROM salted
$$;

CREATE FUNCTION audit_prove() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.proofs := audit_proofs(NEW.changed);
    RETURN NEW;
END $$;

CREATE FUNCTION audit_hash(previous bytea, sequence bigint, said audit_rowchange) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(previous || convert_to(jsonb_build_array(
        sequence, said.id, extract(epoch FROM said.at)::text, said."table", said."row",
        said.operation, said.actor, said.reason, said.request_id, said.database_role,
        (SELECT jsonb_object_agg(key, value->1) FROM jsonb_each(said.proofs)))::text, 'UTF8'))
$$;

-- At the commit, so that the lock is the last one and held for no longer than a commit takes.
CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_last audit_link;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('audit_link', 0));
    SELECT * INTO v_last FROM audit_link ORDER BY sequence DESC LIMIT 1;
    v_last.sequence := coalesce(v_last.sequence, 0) + 1;
    v_last.hash := coalesce(v_last.hash, decode(repeat('00', 32), 'hex'));
    INSERT INTO audit_link (sequence, change_id, previous_hash, hash)
    VALUES (v_last.sequence, NEW.id, v_last.hash, audit_hash(v_last.hash, v_last.sequence, NEW));
    RETURN NULL;
END $$;

CREATE FUNCTION audit_guard_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'only a change makes a link' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_change_proves_what_it_says
    BEFORE INSERT ON audit_rowchange
    FOR EACH ROW EXECUTE FUNCTION audit_prove();
CREATE CONSTRAINT TRIGGER a_change_is_tied_to_the_one_before
    AFTER INSERT ON audit_rowchange DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_link();
CREATE TRIGGER only_a_change_makes_a_link
    BEFORE INSERT ON audit_link
    FOR EACH ROW EXECUTE FUNCTION audit_guard_link();
CREATE TRIGGER links_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
