-- What was traded and what was tried stays; what has ended does not come back.
CREATE TRIGGER trades_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON trading_trade
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER recurring_runs_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON trading_recurringrun
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER auto_convert_runs_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON trading_autoconvertrun
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER orders_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON trading_order
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- An order is filled or canceled, once; its terms never change.
CREATE FUNCTION trading_guard_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.trade_id IS NOT NULL OR OLD.canceled_at IS NOT NULL THEN
        RAISE EXCEPTION 'an order that has ended stays as it is'
            USING ERRCODE = 'restrict_violation';
    ELSIF to_jsonb(OLD) - '{trade_id,canceled_at,cancel_reason}'::text[]
          <> to_jsonb(NEW) - '{trade_id,canceled_at,cancel_reason}'::text[] THEN
        RAISE EXCEPTION 'an order keeps its terms' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER an_order_keeps_its_terms
    BEFORE UPDATE ON trading_order
    FOR EACH ROW EXECUTE FUNCTION trading_guard_order();
