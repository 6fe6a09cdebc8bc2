-- The roll-up of the house's accounts where postings lie on other nodes than the balances.
-- One at a time; the entries are named first, so that what is added is what is taken out.
DROP TRIGGER only_the_roll_up_moves_a_house_balance ON ledger_housebalance;
CREATE OR REPLACE FUNCTION ledger_roll_up(p_most int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_customers uuid[];
    v_entries uuid[];
    v_gone bigint;
    v_sum record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ledger_roll_up', 0));
    SELECT array_agg(DISTINCT customer_id), array_agg(entry_id) INTO v_customers, v_entries
      FROM (SELECT customer_id, entry_id FROM ledger_unrolledentry LIMIT p_most) AS waiting;
    IF v_entries IS NULL THEN RETURN 0; END IF;
    FOR v_sum IN
        SELECT house, currency, sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END) AS change
          FROM ledger_posting
         WHERE customer_id = ANY (v_customers) AND entry_id = ANY (v_entries) AND house IS NOT NULL
         GROUP BY house, currency
    LOOP
        INSERT INTO ledger_housebalance AS b (house, currency, balance)
        VALUES (v_sum.house, v_sum.currency, v_sum.change)
        ON CONFLICT (house, currency) DO UPDATE SET balance = b.balance + excluded.balance;
    END LOOP;
    DELETE FROM ledger_unrolledentry
     WHERE customer_id = ANY (v_customers) AND entry_id = ANY (v_entries);
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    IF v_gone <> cardinality(v_entries) THEN
        RAISE EXCEPTION '% entries were taken out, not %', v_gone, cardinality(v_entries);
    END IF;
    RETURN v_gone;
END $$;
