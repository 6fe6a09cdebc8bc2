-- What was published stays; a custodian's word is confirmed, never changed.
CREATE FUNCTION reserves_guard_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.confirmed_at < OLD.confirmed_at
       OR to_jsonb(OLD) - 'confirmed_at' <> to_jsonb(NEW) - 'confirmed_at' THEN
        RAISE EXCEPTION 'what a custodian said stays said' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER statements_stay
    BEFORE UPDATE ON reserves_custodystatement
    FOR EACH ROW EXECUTE FUNCTION reserves_guard_statement();
CREATE TRIGGER statements_are_kept
    BEFORE DELETE OR TRUNCATE ON reserves_custodystatement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER trees_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON reserves_tree
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER proofs_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON reserves_proof
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
