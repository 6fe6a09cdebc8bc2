-- A statement begins where the one before it ended, and stays as it was issued.
CREATE FUNCTION statements_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_last bigint;
BEGIN
    SELECT last_sequence INTO v_last FROM statements_statement
     WHERE customer_id = NEW.customer_id AND month_on < NEW.month_on
     ORDER BY month_on DESC LIMIT 1;
    IF NEW.first_sequence <> coalesce(v_last, 0) + 1 THEN
        RAISE EXCEPTION 'a statement from entry % does not follow one up to entry %',
              NEW.first_sequence, coalesce(v_last, 0) USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM statements_statement
                WHERE customer_id = NEW.customer_id AND month_on > NEW.month_on)
       AND NOT EXISTS (SELECT FROM statements_statement
                        WHERE customer_id = NEW.customer_id AND month_on = NEW.month_on) THEN
        RAISE EXCEPTION 'a later month has its statement already' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_statement_follows_the_one_before BEFORE INSERT ON statements_statement
    FOR EACH ROW EXECUTE FUNCTION statements_follow();
CREATE TRIGGER statements_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON statements_statement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
