-- What a card and those it replaced were approved for: today, this month (UTC), and on this
-- authorization, however long ago it began.
CREATE OR REPLACE FUNCTION authorizations_spent(
    p_customer uuid, p_card uuid, p_authorization text, p_today timestamptz
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
    WITH RECURSIVE chain AS (
        SELECT id, replaces_id FROM issuing_card WHERE customer_id = p_customer AND id = p_card
         UNION ALL
        SELECT k.id, k.replaces_id FROM issuing_card k JOIN chain ON k.id = chain.replaces_id
         WHERE k.customer_id = p_customer)
    SELECT jsonb_build_object(
        'purchase', (SELECT coalesce(sum(p.approved_amount), 0)::text
                       FROM authorizations_authorization y
                       JOIN authorizations_decision p
                         ON p.customer_id = p_customer AND p.authorization_id = y.id
                      WHERE y.customer_id = p_customer AND y.stripe_id = p_authorization
                        AND p.outcome <> 'DECLINED' AND y.approved),
        'today', coalesce(sum(r.approved_amount) FILTER (WHERE r.decided_at >= p_today), 0)::text,
        'month', coalesce(sum(r.approved_amount), 0)::text)
      FROM authorizations_decision r
      JOIN authorizations_authorization z ON z.customer_id = p_customer AND z.id = r.authorization_id
     WHERE r.customer_id = p_customer AND r.outcome <> 'DECLINED' AND z.approved AND z.card_id IN (SELECT id FROM chain)
       AND r.decided_at >= date_trunc('month', p_today, 'UTC'));
END $$;
