-- The triggers of postings ask for each entry by its customer and id, and never join what arrived
-- with a table: so they run beside the rows on whatever node these are.

CREATE OR REPLACE FUNCTION ledger_check_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken text;
    entry record;
    announced int;
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
    FOR entry IN
        SELECT customer_id, entry_id, count(*) AS arrived, min(leg) AS lowest, max(leg) AS highest
          FROM added GROUP BY customer_id, entry_id
    LOOP
        SELECT legs INTO announced FROM ledger_journalentry
         WHERE customer_id = entry.customer_id AND id = entry.entry_id;
        IF announced IS DISTINCT FROM entry.arrived OR entry.lowest <> 0
           OR entry.highest <> announced - 1 THEN
            RAISE EXCEPTION 'entry % does not announce these legs', entry.entry_id
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ledger_await_rollup() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry record;
BEGIN
    FOR entry IN SELECT DISTINCT customer_id, entry_id FROM added WHERE house IS NOT NULL LOOP
        INSERT INTO ledger_unrolledentry (customer_id, entry_id)
        VALUES (entry.customer_id, entry.entry_id);
    END LOOP;
    RETURN NULL;
END $$;

-- A row's customer is a variable before it is asked for: only then is it known to be here.
CREATE OR REPLACE FUNCTION ledger_move_book() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mover uuid := (to_jsonb(NEW)->>TG_ARGV[0])::uuid;
BEGIN
    UPDATE ledger_book SET version = version + 1 WHERE customer_id = mover;
    RETURN NULL;
END $$;

-- In plpgsql, since a distributed database plans nothing with the arguments of a function in SQL.
CREATE OR REPLACE FUNCTION ledger_house_balances(p_house text)
RETURNS TABLE (house text, currency text, balance numeric) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT house::text, currency::text, sum(balance) FROM (
        SELECT house, currency, balance FROM ledger_housebalance
         WHERE p_house IS NULL OR house = p_house
        UNION ALL
        SELECT p.house, p.currency, CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END
          FROM ledger_unrolledentry t
          JOIN ledger_posting p ON p.customer_id = t.customer_id AND p.entry_id = t.entry_id
         WHERE p.house IS NOT NULL AND (p_house IS NULL OR p.house = p_house)) parts
     GROUP BY house, currency
     ORDER BY house, currency;
END $$;

CREATE OR REPLACE FUNCTION ledger_house_breaks() RETURNS TABLE (subject text) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY
    WITH b AS MATERIALIZED (SELECT * FROM ledger_house_balances(NULL)),
         s AS MATERIALIZED (
              SELECT p.house::text, p.currency::text,
                     sum(CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END) AS summed
                FROM ledger_posting p WHERE p.house IS NOT NULL GROUP BY 1, 2)
    SELECT coalesce(b.house, s.house) || ' ' || coalesce(b.currency, s.currency)
      FROM b FULL JOIN s ON s.house = b.house AND s.currency = b.currency
     WHERE b.balance IS DISTINCT FROM s.summed;
END $$;
