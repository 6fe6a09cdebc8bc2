-- Balances of the house's accounts, rolled up behind the postings.
--
-- An entry waits in `ledger_unrolledentry` from the statement that posts its legs until it is
-- taken out, and taking it out is what adds its postings to `ledger_housebalance`: both in one
-- transaction each. So a posting is in exactly one of the two, in every snapshot, whatever the
-- order in which transactions commit: there is no watermark that a late commit could fall below.

CREATE FUNCTION ledger_await_rollup() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    entry record;
BEGIN
    FOR entry IN SELECT DISTINCT customer_id, entry_id FROM added WHERE house IS NOT NULL LOOP
        INSERT INTO ledger_unrolledentry (customer_id, entry_id)
        VALUES (entry.customer_id, entry.entry_id);
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER an_entry_waits_to_be_rolled_up
    AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_await_rollup();

CREATE FUNCTION ledger_add_to_house() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In order of the key, so that two roll-ups never wait for each other in a ring.
    INSERT INTO ledger_housebalance AS b (house, currency, balance)
    SELECT p.house, p.currency, sum(CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END)
      FROM taken t
      JOIN ledger_posting p ON p.customer_id = t.customer_id AND p.entry_id = t.entry_id
     WHERE p.house IS NOT NULL
     GROUP BY p.house, p.currency
     ORDER BY p.house, p.currency
    ON CONFLICT (house, currency) DO UPDATE SET balance = b.balance + excluded.balance;
    RETURN NULL;
END $$;

CREATE TRIGGER an_entry_taken_out_is_in_the_balances
    AFTER DELETE ON ledger_unrolledentry
    REFERENCING OLD TABLE AS taken
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_add_to_house();

CREATE FUNCTION ledger_guard_rollup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('UPDATE', 'INSERT') AND pg_trigger_depth() > 1 THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'only postings and their roll-up move %', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER only_postings_make_an_entry_wait
    BEFORE INSERT OR UPDATE OR TRUNCATE ON ledger_unrolledentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_rollup();
CREATE TRIGGER only_the_roll_up_moves_a_house_balance
    BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger_housebalance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_rollup();

-- Take up to `p_most` waiting entries out; those that another roll-up is at are passed over.
CREATE FUNCTION ledger_roll_up(p_most int) RETURNS bigint LANGUAGE sql AS $$
    WITH taken AS (
        DELETE FROM ledger_unrolledentry
         WHERE (customer_id, entry_id) IN (
               SELECT customer_id, entry_id FROM ledger_unrolledentry
                LIMIT p_most FOR UPDATE SKIP LOCKED)
        RETURNING 1)
    SELECT count(*) FROM taken
$$;

-- The balances now: one statement, so one snapshot. In plpgsql, since a distributed database plans
-- nothing with the arguments of a function in SQL.
CREATE FUNCTION ledger_house_balances(p_house text)
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

-- The proof of them: every balance that is not the sum of its postings.
CREATE FUNCTION ledger_house_breaks() RETURNS TABLE (subject text) LANGUAGE plpgsql STABLE AS $$
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
