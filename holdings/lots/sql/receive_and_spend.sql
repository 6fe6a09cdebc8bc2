-- Keep what an entry has credited as a lot: lots are what is posted, so what an overdraft swallowed
-- is not kept. The customer's book must be locked by the caller.
CREATE FUNCTION lots_receive(
    p_customer uuid, p_lot uuid, p_currency text, p_entry uuid, p_units numeric, p_cost numeric,
    p_cost_currency text, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_kept numeric;
    v_cost numeric;
BEGIN
    SELECT least(p_units, a.posted - coalesce((
               SELECT sum(l.remaining) FROM lots_lot l
                WHERE l.customer_id = p_customer AND l.currency = p_currency AND l.remaining > 0), 0))
      INTO v_kept
      FROM ledger_ledgeraccount a WHERE a.customer_id = p_customer AND a.currency = p_currency;
    IF v_kept > 0 THEN
        v_cost := trunc(p_cost * v_kept / p_units, 10);
        INSERT INTO lots_lot (id, customer_id, currency, quantity, remaining, cost, cost_remaining,
                              cost_currency, acquired_at, entry_id)
        VALUES (p_lot, p_customer, p_currency, v_kept, v_kept, v_cost, v_cost, p_cost_currency, p_at, p_entry);
    END IF;
END $$;

-- Let what an entry has debited leave its lots for what it is worth in the home currency, as far as
-- they go: what overdraws was in none. The customer's book must be locked by the caller.
CREATE FUNCTION lots_spend(
    p_customer uuid, p_currency text, p_entry uuid, p_units numeric, p_worth numeric, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_units numeric;
BEGIN
    SELECT least(p_units, sum(remaining)) INTO v_units
      FROM lots_lot
     WHERE customer_id = p_customer AND currency = p_currency AND remaining > 0;
    IF v_units > 0 THEN
        PERFORM lots_take(p_customer, p_currency, p_entry, v_units,
                          trunc(p_worth * v_units / p_units, 10), p_at);
    END IF;
END $$;
