CREATE OR REPLACE FUNCTION ledger_check_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
BEGIN
    SELECT format('entry %s: %s %s too much on the credit side', entry_id,
                  sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END), currency)
      INTO broken
      FROM added GROUP BY entry_id, currency
    HAVING sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END) <> 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unbalanced %', broken USING ERRCODE = 'check_violation';
    END IF;
    SELECT format('entry %s', a.entry_id) INTO broken
      FROM (SELECT customer_id, entry_id, count(*) AS arrived, min(leg) AS lowest, max(leg) AS highest
              FROM added GROUP BY customer_id, entry_id) a
      LEFT JOIN ledger_journalentry e ON e.id = a.entry_id AND e.customer_id = a.customer_id
     WHERE e.legs IS DISTINCT FROM a.arrived OR a.lowest <> 0 OR a.highest <> e.legs - 1
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% does not announce these legs', broken USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_await_rollup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_unrolledentry (customer_id, entry_id)
    SELECT DISTINCT customer_id, entry_id FROM added WHERE house IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_house_balances(p_house text)
RETURNS TABLE (house text, currency text, balance numeric) LANGUAGE sql STABLE AS $$
    SELECT house, currency, sum(balance) FROM (
        SELECT house, currency, balance FROM ledger_housebalance
         WHERE p_house IS NULL OR house = p_house
        UNION ALL
        SELECT p.house, p.currency, CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END
          FROM ledger_unrolledentry t
          JOIN ledger_posting p ON p.customer_id = t.customer_id AND p.entry_id = t.entry_id
         WHERE p.house IS NOT NULL AND (p_house IS NULL OR p.house = p_house)) parts
     GROUP BY house, currency
     ORDER BY house, currency
$$;

CREATE OR REPLACE FUNCTION ledger_move_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_book SET version = version + 1
     WHERE customer_id = (to_jsonb(NEW)->>TG_ARGV[0])::uuid;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_house_breaks() RETURNS TABLE (subject text) LANGUAGE sql STABLE AS $$
    SELECT coalesce(b.house, s.house) || ' ' || coalesce(b.currency, s.currency)
      FROM ledger_house_balances(NULL) b
      FULL JOIN (SELECT house::text, currency::text,
                        sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END) AS summed
                   FROM ledger_posting WHERE house IS NOT NULL GROUP BY 1, 2) s
             ON s.house = b.house AND s.currency = b.currency
     WHERE b.balance IS DISTINCT FROM s.summed
$$;
