-- The proof of the lots of the customers after one, to another: every account whose lots are not what is
-- posted, or nothing where it is overdrawn or in the home currency.
CREATE FUNCTION lots_breaks(p_after uuid, p_last uuid)
RETURNS TABLE (customer_id uuid, currency text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT a.customer_id, a.currency::text
      FROM ledger_ledgeraccount a
      JOIN customers_customer c ON c.id = a.customer_id
      LEFT JOIN (SELECT l.customer_id, l.currency, sum(l.remaining) AS units FROM lots_lot l
                  WHERE l.customer_id > p_after AND l.customer_id <= p_last AND l.remaining > 0
                  GROUP BY l.customer_id, l.currency) s
             ON s.customer_id = a.customer_id AND s.currency = a.currency
     WHERE a.customer_id > p_after AND a.customer_id <= p_last
       AND coalesce(s.units, 0) <> CASE WHEN a.currency = c.home_currency THEN 0
                                        ELSE greatest(a.posted, 0) END
     ORDER BY a.customer_id, a.currency;
END $$;
