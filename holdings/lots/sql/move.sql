-- Let units leave a customer's lots at what they cost, so that nothing is gained by it: they are
-- moved elsewhere and stay their owner's. First in first out, as a disposal is, and marked, so that
-- no report calls it a sale. The customer's book must be locked by the caller.
CREATE FUNCTION lots_move(
    p_customer uuid, p_currency text, p_entry uuid, p_units numeric, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_left numeric := p_units;
    v_lot record;
    v_units numeric;
    v_cost numeric;
BEGIN
    FOR v_lot IN
        SELECT id, remaining, cost_remaining, cost_currency FROM lots_lot
         WHERE customer_id = p_customer AND currency = p_currency AND remaining > 0
         ORDER BY acquired_at, id
    LOOP
        v_units := least(v_lot.remaining, v_left);
        v_cost := CASE WHEN v_units = v_lot.remaining THEN v_lot.cost_remaining
                       ELSE trunc(v_lot.cost_remaining * v_units / v_lot.remaining, 10) END;
        UPDATE lots_lot SET remaining = remaining - v_units, cost_remaining = cost_remaining - v_cost
         WHERE id = v_lot.id AND customer_id = p_customer;
        INSERT INTO lots_disposal (customer_id, entry_id, lot_id, currency, units, cost_basis,
                                   proceeds, cost_currency, disposed_at, is_move)
        VALUES (p_customer, p_entry, v_lot.id, p_currency, v_units, v_cost, v_cost,
                v_lot.cost_currency, p_at, true);
        v_left := v_left - v_units;
        EXIT WHEN v_left = 0;
    END LOOP;
    IF v_left <> 0 THEN
        RAISE EXCEPTION 'lots of % % lack % units', p_customer, p_currency, v_left
            USING ERRCODE = 'check_violation';
    END IF;
END $$;
