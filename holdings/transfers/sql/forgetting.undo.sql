DROP TRIGGER split_shares_only_forget ON transfers_splitshare;
DROP TRIGGER split_shares_are_not_deleted ON transfers_splitshare;
DROP TRIGGER split_bills_only_forget ON transfers_splitbill;
DROP TRIGGER split_bills_are_not_deleted ON transfers_splitbill;
CREATE TRIGGER split_bills_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers_splitbill
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER split_shares_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers_splitshare
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
DROP FUNCTION transfers_guard_bill();
CREATE OR REPLACE FUNCTION transfers_guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_may_change text[] := '{state,ended_at,transfer_id}';
BEGIN
    IF OLD.state <> 'OPEN' THEN
        RAISE EXCEPTION 'a request that has ended stays as it is'
            USING ERRCODE = 'restrict_violation';
    ELSIF to_jsonb(OLD) - v_may_change <> to_jsonb(NEW) - v_may_change THEN
        RAISE EXCEPTION 'a request keeps its terms' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION transfers_guard_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_may_change text[] := '{state,ended_at,tried_at}';
BEGIN
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
DROP FUNCTION transfers_only_forgets(jsonb, jsonb, text[]);
