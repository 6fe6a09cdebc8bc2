-- Let units leave a customer's lots, first in first out, and write a disposal per lot touched.
-- A partly used lot gives its cost in proportion (cut at the tenth decimal, the rest stays with
-- what remains); proceeds are split by running total, so that the parts sum to the whole.
-- The customer's book must be locked by the caller. Returns the gain.
-- Lot by lot: most takes touch one, and a set at a time costs more than that.
CREATE FUNCTION lots_take(
    p_customer uuid, p_currency text, p_entry uuid, p_units numeric, p_proceeds numeric,
    p_at timestamptz
) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    v_lot record;
    v_units numeric;
    v_cost numeric;
    v_proceeds numeric;
    v_taken numeric := 0;
    v_gain numeric := 0;
BEGIN
    FOR v_lot IN
        SELECT id, remaining, cost_remaining, cost_currency FROM lots_lot
         WHERE customer_id = p_customer AND currency = p_currency AND remaining > 0
         ORDER BY acquired_at, id
    LOOP
        v_units := least(v_lot.remaining, p_units - v_taken);
        v_cost := CASE WHEN v_units = v_lot.remaining THEN v_lot.cost_remaining
                       ELSE trunc(v_lot.cost_remaining * v_units / v_lot.remaining, 10) END;
        v_proceeds := trunc(p_proceeds * (v_taken + v_units) / p_units, 10)
                      - trunc(p_proceeds * v_taken / p_units, 10);
        UPDATE lots_lot SET remaining = remaining - v_units, cost_remaining = cost_remaining - v_cost
         WHERE id = v_lot.id AND customer_id = p_customer;
        INSERT INTO lots_disposal (customer_id, entry_id, lot_id, currency, units, cost_basis,
                                   proceeds, cost_currency, disposed_at)
        VALUES (p_customer, p_entry, v_lot.id, p_currency, v_units, v_cost, v_proceeds,
                v_lot.cost_currency, p_at);
        v_taken := v_taken + v_units;
        v_gain := v_gain + v_proceeds - v_cost;
        EXIT WHEN v_taken = p_units;
    END LOOP;
    IF v_taken <> p_units THEN
        RAISE EXCEPTION 'lots of % % hold %, not %', p_customer, p_currency, v_taken, p_units
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN v_gain;
END $$;

CREATE TRIGGER disposals_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON lots_disposal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER lots_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON lots_lot
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
