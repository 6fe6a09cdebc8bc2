-- The proof of the books of the customers from one to another: every row that should not be.
-- All is joined by customer, so that a part of them costs its part, on whatever node they are.
CREATE FUNCTION ledger_breaks(
    p_first uuid DEFAULT '00000000-0000-0000-0000-000000000000',
    p_last uuid DEFAULT 'ffffffff-ffff-ffff-ffff-ffffffffffff'
) RETURNS TABLE (break text, customer_id uuid, subject text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'unbalanced', p.customer_id, p.entry_id || ' ' || p.currency
      FROM ledger_posting p WHERE p.customer_id BETWEEN p_first AND p_last
     GROUP BY p.customer_id, p.entry_id, p.currency
    HAVING sum(CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END) <> 0
    UNION ALL
    SELECT 'posted', a.customer_id, a.currency
      FROM ledger_ledgeraccount a
      LEFT JOIN (SELECT p.customer_id, p.account_id,
                        sum(CASE p.side WHEN 'CREDIT' THEN p.amount ELSE -p.amount END) AS summed
                   FROM ledger_posting p
                  WHERE p.customer_id BETWEEN p_first AND p_last AND p.account_id IS NOT NULL
                  GROUP BY p.customer_id, p.account_id) s
             ON s.customer_id = a.customer_id AND s.account_id = a.id
     WHERE a.customer_id BETWEEN p_first AND p_last AND a.posted <> coalesce(s.summed, 0)
    UNION ALL
    SELECT 'held', a.customer_id, a.currency
      FROM ledger_ledgeraccount a
      LEFT JOIN (SELECT h.customer_id, h.account_id, sum(h.amount) AS summed FROM ledger_hold h
                  WHERE h.customer_id BETWEEN p_first AND p_last
                  GROUP BY h.customer_id, h.account_id) s
             ON s.customer_id = a.customer_id AND s.account_id = a.id
     WHERE a.customer_id BETWEEN p_first AND p_last AND a.held <> coalesce(s.summed, 0)
    UNION ALL
    SELECT 'hash chain', c.customer_id, c.cause FROM (
        SELECT e.customer_id, e.cause, e.sequence, e.previous_hash, e.hash,
               lag(e.hash, 1, decode(repeat('00', 32), 'hex')) OVER chain AS expected_previous,
               lag(e.sequence, 1, 0::bigint) OVER chain + 1 AS expected_sequence,
               ledger_entry_hash(e.previous_hash, e.id, e.customer_id, e.sequence, e.cause, e.kind,
                   e.event_at, e.created_at, e.details, l.legs) AS expected_hash
          FROM ledger_journalentry e
          LEFT JOIN LATERAL (
               SELECT string_agg(ledger_leg_text(p.leg, p.account_id, p.house, p.side, p.currency,
                                                 p.amount, p.forced), E'\n' ORDER BY p.leg) AS legs
                 FROM ledger_posting p
                WHERE p.customer_id = e.customer_id AND p.entry_id = e.id) l ON true
         WHERE e.customer_id BETWEEN p_first AND p_last
        WINDOW chain AS (PARTITION BY e.customer_id ORDER BY e.sequence)) c
     WHERE c.previous_hash <> c.expected_previous OR c.sequence <> c.expected_sequence
        OR c.hash IS DISTINCT FROM c.expected_hash
    UNION ALL
    SELECT 'chain head', b.customer_id, b.entries::text
      FROM ledger_book b
      LEFT JOIN LATERAL (SELECT e.hash, e.sequence FROM ledger_journalentry e
                          WHERE e.customer_id = b.customer_id ORDER BY e.sequence DESC LIMIT 1) t ON true
     WHERE b.customer_id BETWEEN p_first AND p_last
       AND (b.entries <> coalesce(t.sequence, 0)
            OR b.head <> coalesce(t.hash, decode(repeat('00', 32), 'hex')));
END $$;
