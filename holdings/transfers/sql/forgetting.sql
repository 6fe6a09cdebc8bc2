-- Whoever is erased is forgotten by what ended too: notes and tags become empty, and nothing else
-- of a row changes.
CREATE FUNCTION transfers_only_forgets(p_old jsonb, p_new jsonb, p_words text[])
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_old - p_words = p_new - p_words
       AND NOT EXISTS (SELECT FROM unnest(p_words) AS word
                        WHERE p_new ->> word NOT IN ('', p_old ->> word))
$$;

CREATE OR REPLACE FUNCTION transfers_guard_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION transfers_guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
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

DROP TRIGGER split_shares_are_append_only ON transfers_splitshare;
DROP TRIGGER split_bills_are_append_only ON transfers_splitbill;
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
