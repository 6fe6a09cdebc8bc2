-- What the ledger's tables refuse, whoever writes to them.

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a correction is a new entry', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER entries_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_journalentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER postings_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER holds_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON ledger_hold
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER accounts_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON ledger_ledgeraccount
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- An account starts empty, and only the triggers below move it afterwards.
CREATE FUNCTION ledger_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND (NEW.posted, NEW.held, NEW.overdraft) <> (0, 0, 0) THEN
        RAISE EXCEPTION 'an account starts empty' USING ERRCODE = 'restrict_violation';
    ELSIF TG_OP = 'UPDATE' AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'only postings and holds move an account'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER only_postings_and_holds_move_an_account
    BEFORE INSERT OR UPDATE ON ledger_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_account();

-- A posting moves its account and remembers the balance it left. A forced one may overdraw;
-- any other may only keep or shrink the overdraft there was, which the table's check enforces.
CREATE FUNCTION ledger_move_posted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change numeric := CASE NEW.side WHEN 'CREDIT' THEN NEW.amount ELSE -NEW.amount END;
BEGIN
    UPDATE ledger_ledgeraccount
       SET posted = posted + change,
           overdraft = CASE WHEN NEW.forced
               THEN greatest(0, held - posted - change)
               ELSE least(overdraft, greatest(0, held - posted - change)) END
     WHERE id = NEW.account_id AND customer_id = NEW.customer_id AND currency = NEW.currency
    RETURNING posted INTO NEW.balance_after;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no % account % of customer %', NEW.currency, NEW.account_id, NEW.customer_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_posting_moves_its_account
    BEFORE INSERT ON ledger_posting
    FOR EACH ROW WHEN (NEW.account_id IS NOT NULL) EXECUTE FUNCTION ledger_move_posted();

CREATE FUNCTION ledger_move_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change numeric := NEW.amount - CASE TG_OP WHEN 'UPDATE' THEN OLD.amount ELSE 0 END;
BEGIN
    UPDATE ledger_ledgeraccount
       SET held = held + change,
           overdraft = CASE WHEN NEW.forced
               THEN greatest(0, held + change - posted)
               ELSE least(overdraft, greatest(0, held + change - posted)) END
     WHERE id = NEW.account_id AND customer_id = NEW.customer_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no account % of customer %', NEW.account_id, NEW.customer_id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER a_hold_moves_its_account
    AFTER INSERT OR UPDATE ON ledger_hold
    FOR EACH ROW EXECUTE FUNCTION ledger_move_held();

CREATE FUNCTION ledger_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.customer_id, OLD.account_id, OLD.reference)
       <> (NEW.id, NEW.customer_id, NEW.account_id, NEW.reference) THEN
        RAISE EXCEPTION 'a hold keeps its account and reference'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_hold_keeps_its_account
    BEFORE UPDATE ON ledger_hold
    FOR EACH ROW EXECUTE FUNCTION ledger_guard_hold();

-- All legs of an entry arrive in one statement, exactly as many as it announced,
-- and sum to zero in each currency. Each entry is asked for by its customer and id, and what arrived is
-- never joined with a table: so this runs beside the rows, on whatever node of a cluster they are.
CREATE FUNCTION ledger_check_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
    entry record;
    announced int;
BEGIN
    SELECT format('entry %s: %s %s too much on the credit side', entry_id,
                  sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END), currency)
      INTO broken
      FROM added GROUP BY entry_id, currency
    HAVING sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END) <> 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unbalanced %', broken USING ERRCODE = 'check_violation';
    END IF;
    FOR entry IN
        SELECT customer_id, entry_id, count(*) AS arrived, min(leg) AS lowest, max(leg) AS highest
          FROM added GROUP BY customer_id, entry_id
    LOOP
        SELECT legs INTO announced FROM ledger_journalentry
         WHERE customer_id = entry.customer_id AND id = entry.entry_id;
        IF announced IS DISTINCT FROM entry.arrived OR entry.lowest <> 0
           OR entry.highest <> announced - 1 THEN
            RAISE EXCEPTION 'entry % does not announce these legs', entry.entry_id
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER an_entry_balances_in_every_currency
    AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_balance();
