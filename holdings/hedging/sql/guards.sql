-- What happened is not changed: limits and fills are only added, orders keep what they ask for.

CREATE TRIGGER limits_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON hedging_risklimit
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER fills_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON hedging_hedgefill
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER orders_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON hedging_hedgeorder
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE FUNCTION hedging_guard_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.asset, OLD.venue, OLD.pair, OLD.side, OLD.quantity, OLD.multiplier,
        OLD.limit_price, OLD.deadline, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.asset, NEW.venue, NEW.pair, NEW.side, NEW.quantity, NEW.multiplier,
        NEW.limit_price, NEW.deadline, NEW.created_at) THEN
        RAISE EXCEPTION 'an order keeps what it asks for' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.ended_at IS NOT NULL AND NEW.ended_at IS NULL
       OR OLD.state <> 'INTENDED' AND NEW.state = 'INTENDED' THEN
        RAISE EXCEPTION 'an order does not go back' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER an_order_keeps_what_it_asks_for
    BEFORE UPDATE ON hedging_hedgeorder
    FOR EACH ROW EXECUTE FUNCTION hedging_guard_order();

-- The house's side of the proof: a position is the inventory taken over and all fills.
CREATE FUNCTION hedging_breaks() RETURNS TABLE (asset text) LANGUAGE sql STABLE AS $$
    SELECT coalesce(s.asset, f.asset)
      FROM hedging_riskstate s
      FULL JOIN (SELECT asset, sum(CASE side WHEN 'BUY' THEN units ELSE -units END) AS units
                   FROM hedging_hedgefill GROUP BY asset) f ON f.asset = s.asset
     WHERE coalesce(s.units, 0) <> coalesce(s.inventory_units, 0) + coalesce(f.units, 0)
$$;
