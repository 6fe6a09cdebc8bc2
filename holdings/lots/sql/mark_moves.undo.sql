-- Let units leave a customer's lots at what they cost, so that nothing is gained by it: they are
-- moved elsewhere and stay their owner's. First in first out, as a disposal is, one lot a time.
-- The customer's book must be locked by the caller.
CREATE OR REPLACE FUNCTION lots_move(
    p_customer uuid, p_currency text, p_entry uuid, p_units numeric, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_left numeric := p_units;
    v_lot record;
    v_units numeric;
BEGIN
    FOR v_lot IN
        SELECT remaining, cost_remaining FROM lots_lot
         WHERE customer_id = p_customer AND currency = p_currency AND remaining > 0
         ORDER BY acquired_at, id
    LOOP
        v_units := least(v_lot.remaining, v_left);
        PERFORM lots_take(p_customer, p_currency, p_entry, v_units,
                          CASE WHEN v_units = v_lot.remaining THEN v_lot.cost_remaining
                               ELSE trunc(v_lot.cost_remaining * v_units / v_lot.remaining, 10) END,
                          p_at);
        v_left := v_left - v_units;
        EXIT WHEN v_left = 0;
    END LOOP;
    IF v_left <> 0 THEN
        RAISE EXCEPTION 'lots of % % lack % units', p_customer, p_currency, v_left
            USING ERRCODE = 'check_violation';
    END IF;
END $$;
