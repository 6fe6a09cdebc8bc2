-- What waits ends once and keeps its terms; what is found or asked for stays found.

-- Whoever is erased is forgotten by what ended too: notes and tags become empty, and nothing else
-- of a row changes.
CREATE FUNCTION transfers_only_forgets(p_old jsonb, p_new jsonb, p_words text[])
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_old - p_words = p_new - p_words
       AND NOT EXISTS (SELECT FROM unnest(p_words) AS word
                        WHERE p_new ->> word NOT IN ('', p_old ->> word))
$$;

CREATE FUNCTION transfers_guard_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_may_change text[] := '{state,ended_at,tried_at}';
BEGIN
    IF transfers_only_forgets(to_jsonb(OLD), to_jsonb(NEW), '{note,sender_tag,recipient_tag}') THEN
        RETURN NEW;
    END IF;
    IF OLD.state <> 'PENDING' THEN
        RAISE EXCEPTION 'a transfer that has ended stays as it is'
            USING ERRCODE = 'restrict_violation';
    END IF;
    -- A link is nobody's until somebody claims it.
    IF OLD.recipient_id IS NULL AND NEW.state = 'COMPLETED' THEN
        v_may_change := v_may_change || '{recipient_id,recipient_tag}'::text[];
    END IF;
    IF to_jsonb(OLD) - v_may_change <> to_jsonb(NEW) - v_may_change THEN
        RAISE EXCEPTION 'a transfer keeps its terms' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_transfer_keeps_its_terms
    BEFORE UPDATE ON transfers_transfer
    FOR EACH ROW EXECUTE FUNCTION transfers_guard_transfer();

CREATE FUNCTION transfers_guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_may_change text[] := '{state,ended_at,transfer_id}';
BEGIN
    IF transfers_only_forgets(to_jsonb(OLD), to_jsonb(NEW), '{note,requester_tag,payer_tag}') THEN
        RETURN NEW;
    END IF;
    IF OLD.state <> 'OPEN' THEN
        RAISE EXCEPTION 'a request that has ended stays as it is'
            USING ERRCODE = 'restrict_violation';
    ELSIF to_jsonb(OLD) - v_may_change <> to_jsonb(NEW) - v_may_change THEN
        RAISE EXCEPTION 'a request keeps its terms' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_request_keeps_its_terms
    BEFORE UPDATE ON transfers_request
    FOR EACH ROW EXECUTE FUNCTION transfers_guard_request();

-- A request is paid by a transfer of exactly what was asked, from who was asked to who asked.
CREATE FUNCTION transfers_guard_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM transfers_transfer t
         WHERE t.id = NEW.transfer_id AND t.kind = 'REQUEST' AND t.state = 'COMPLETED'
           AND t.customer_id = NEW.payer_id AND t.recipient_id = NEW.customer_id
           AND t.currency = NEW.currency AND t.units = NEW.units) THEN
        RAISE EXCEPTION 'a request is paid with exactly what was asked for'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_request_is_paid_in_full
    BEFORE INSERT OR UPDATE ON transfers_request
    FOR EACH ROW WHEN (NEW.state = 'PAID') EXECUTE FUNCTION transfers_guard_paid();

-- The shares of a bill are all of it, and as many as were said, once its transaction is done.
-- Asked for by customer, so that it runs beside the rows of a cluster; there tables have other names.
CREATE FUNCTION transfers_guard_split() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_split uuid := coalesce(to_jsonb(NEW) ->> 'split_id', NEW.id::text);
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM transfers_splitbill b
         WHERE b.customer_id = NEW.customer_id AND b.id = v_split
           AND (b.units, b.people) = (
               SELECT b.own_units + coalesce(sum(s.units), 0), (b.own_units > 0)::int + count(*)
                 FROM transfers_splitshare s
                WHERE s.customer_id = NEW.customer_id AND s.split_id = v_split)) THEN
        RAISE EXCEPTION 'the shares of a bill sum to it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER the_shares_of_a_bill_sum_to_it
    AFTER INSERT ON transfers_splitbill DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION transfers_guard_split();
CREATE CONSTRAINT TRIGGER no_share_is_added_to_a_bill
    AFTER INSERT ON transfers_splitshare DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION transfers_guard_split();

CREATE TRIGGER transfers_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON transfers_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER requests_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON transfers_request
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER transfer_parties_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers_transferparty
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER request_parties_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers_requestparty
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER payment_links_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers_paymentlink
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- The tag of a share becomes one made of its id, so that shares of a bill stay apart.
CREATE FUNCTION transfers_guard_bill() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_new jsonb := to_jsonb(NEW);
BEGIN
    IF v_new ->> 'tag' = 'x' || right(replace(NEW.id::text, '-', ''), 19) THEN
        v_new := jsonb_set(v_new, '{tag}', to_jsonb(OLD) -> 'tag');
    END IF;
    IF NOT transfers_only_forgets(to_jsonb(OLD), v_new, '{note}') THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER split_bills_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON transfers_splitbill
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER split_bills_only_forget
    BEFORE UPDATE ON transfers_splitbill
    FOR EACH ROW EXECUTE FUNCTION transfers_guard_bill();
CREATE TRIGGER split_shares_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON transfers_splitshare
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER split_shares_only_forget
    BEFORE UPDATE ON transfers_splitshare
    FOR EACH ROW EXECUTE FUNCTION transfers_guard_bill();
