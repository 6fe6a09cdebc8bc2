-- Let units leave a customer's lots, first in first out, and write a disposal per lot touched.
-- A partly used lot gives its cost in proportion (cut at the tenth decimal, the rest stays with
-- what remains); proceeds are split by running total, so that the parts sum to the whole.
-- The customer's book must be locked by the caller. Returns the gain.
CREATE OR REPLACE FUNCTION lots_take(
    p_customer uuid, p_currency text, p_entry uuid, p_units numeric, p_proceeds numeric,
    p_at timestamptz
) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    v_taken numeric;
    v_gain numeric;
BEGIN
    WITH queue AS (
        SELECT id, remaining, cost_remaining, cost_currency,
               coalesce(sum(remaining) OVER (ORDER BY acquired_at, id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS ahead
          FROM lots_lot
         WHERE customer_id = p_customer AND currency = p_currency AND remaining > 0
    ), used AS (
        SELECT id, ahead, cost_currency, least(remaining, p_units - ahead) AS units,
               CASE WHEN remaining <= p_units - ahead THEN cost_remaining
                    ELSE trunc(cost_remaining * (p_units - ahead) / remaining, 10) END AS cost_basis
          FROM queue WHERE ahead < p_units
    ), drained AS (
        UPDATE lots_lot SET remaining = remaining - used.units,
                            cost_remaining = cost_remaining - used.cost_basis
          FROM used WHERE lots_lot.id = used.id AND lots_lot.customer_id = p_customer
    ), written AS (
        INSERT INTO lots_disposal (customer_id, entry_id, lot_id, currency, units, cost_basis,
                                   proceeds, cost_currency, disposed_at)
        SELECT p_customer, p_entry, id, p_currency, units, cost_basis,
               trunc(p_proceeds * (ahead + units) / p_units, 10) - trunc(p_proceeds * ahead / p_units, 10),
               cost_currency, p_at
          FROM used
        RETURNING units, gain
    )
    SELECT sum(units), sum(gain) INTO v_taken, v_gain FROM written;
    IF v_taken IS DISTINCT FROM p_units THEN
        RAISE EXCEPTION 'lots of % % hold %, not %', p_customer, p_currency, v_taken, p_units
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN v_gain;
END $$;

