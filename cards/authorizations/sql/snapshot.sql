-- What a card and those it replaced were approved for: on this authorization, today, this month (UTC).
CREATE FUNCTION authorizations_spent(
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
        'purchase', coalesce(sum(r.approved_amount) FILTER (WHERE z.stripe_id = p_authorization), 0)::text,
        'today', coalesce(sum(r.approved_amount) FILTER (WHERE r.decided_at >= p_today), 0)::text,
        'month', coalesce(sum(r.approved_amount), 0)::text)
      FROM authorizations_decision r
      JOIN authorizations_authorization z ON z.customer_id = p_customer AND z.id = r.authorization_id
     WHERE r.customer_id = p_customer AND r.outcome <> 'DECLINED' AND z.approved AND z.card_id IN (SELECT id FROM chain)
       AND r.decided_at >= date_trunc('month', p_today, 'UTC'));
END $$;

-- Everything a decision reads of one customer: NULL when the card is not theirs. STABLE, so that all
-- of its questions see the moment of the one that called it. Amounts are text, so that no JSON reader
-- makes floats of them. Each table of customers' is asked for the one by name, so that it can run
-- where their rows are.
CREATE FUNCTION authorizations_snapshot(
    p_customer uuid, p_card text, p_authorization text, p_step int, p_now timestamptz, p_today timestamptz
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_card uuid;
    k record;
    o record;
    d record;
    z record;
    v_policy jsonb;
    v_balances jsonb;
    v_repeat jsonb;
BEGIN
    SELECT card_id INTO v_card
      FROM issuing_carddirectory WHERE stripe_id = p_card AND customer_id = p_customer;
    SELECT id, status, livemode, currency, purchase_limit, daily_limit, monthly_limit, atm_enabled,
           online_enabled, blocked_countries, blocked_mccs
      INTO k FROM issuing_card WHERE customer_id = p_customer AND id = v_card;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT c.frozen_at, c.home_currency, b.version, s.spend_order, s.excluded, s.blocked_mccs
      INTO o
      FROM customers_customer c
      JOIN ledger_book b ON b.customer_id = p_customer
      JOIN issuing_spendingprofile s ON s.customer_id = p_customer
     WHERE c.id = p_customer;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT jsonb_build_object(
               'id', p.id, 'partial_minimum', p.partial_minimum::text,
               'minimum_conversion', p.minimum_conversion::text,
               'daily_limit', p.daily_limit::text, 'cash_daily_limit', p.cash_daily_limit::text,
               'fx_buffer_bps', p.fx_buffer_bps, 'cash_enabled', p.cash_enabled,
               'blocked_mccs', p.blocked_mccs, 'cash_mccs', p.cash_mccs, 'haircuts', p.haircuts)
      INTO v_policy
      FROM issuing_policy p
     WHERE (p.customer_id = p_customer OR p.customer_id IS NULL)
       AND p.currency IN (k.currency, '') AND p.effective_at <= p_now
     ORDER BY p.customer_id NULLS LAST, p.effective_at DESC, p.id DESC LIMIT 1;
    SELECT coalesce(jsonb_object_agg(a.currency, jsonb_build_array(a.id, a.posted::text, a.held::text)), '{}')
      INTO v_balances
      FROM ledger_ledgeraccount a
     WHERE a.customer_id = p_customer AND (a.posted <> 0 OR a.held <> 0 OR a.currency = k.currency);
    -- In the card's currency, as the limits are; what the network refused in the end is not spent.
    SELECT coalesce(sum(r.approved_amount), 0) AS approved, coalesce(sum(r.cash_amount), 0) AS cash
      INTO d
      FROM authorizations_decision r
      JOIN authorizations_authorization y ON y.customer_id = p_customer AND y.id = r.authorization_id
     WHERE r.customer_id = p_customer AND r.decided_at >= p_today AND r.outcome <> 'DECLINED'
       AND y.currency = k.currency AND y.approved;
    SELECT id, status, steps, amount, captured
      INTO z
      FROM authorizations_authorization
     WHERE customer_id = p_customer AND stripe_id = p_authorization;
    IF FOUND THEN
        SELECT answer INTO v_repeat
          FROM authorizations_decision
         WHERE customer_id = p_customer AND authorization_id = z.id AND step = p_step;
    END IF;
    IF v_repeat IS NULL THEN
        SELECT answer INTO v_repeat
          FROM authorizations_strayrequest WHERE stripe_id = p_authorization AND step = p_step;
    END IF;
    RETURN jsonb_build_object(
        'customer', p_customer,
        'home', o.home_currency,
        'frozen', o.frozen_at IS NOT NULL,
        'version', o.version,
        'card', jsonb_build_object('id', k.id, 'status', k.status, 'livemode', k.livemode,
                                   'currency', k.currency),
        'controls', jsonb_build_object(
            'purchase_limit', k.purchase_limit::text, 'daily_limit', k.daily_limit::text,
            'monthly_limit', k.monthly_limit::text, 'atm_enabled', k.atm_enabled,
            'online_enabled', k.online_enabled, 'blocked_countries', k.blocked_countries,
            'blocked_mccs', k.blocked_mccs),
        'spent', CASE WHEN coalesce(k.purchase_limit, k.daily_limit, k.monthly_limit) IS NOT NULL
                      THEN authorizations_spent(p_customer, k.id, p_authorization, p_today) END,
        'spend_order', o.spend_order,
        'excluded', o.excluded,
        'blocked_mccs', o.blocked_mccs,
        'policy', v_policy,
        'balances', v_balances,
        'approved_today', d.approved::text,
        'cash_today', d.cash::text,
        'read_at', statement_timestamp(),
        'authorization', CASE WHEN z.id IS NOT NULL THEN
            jsonb_build_object('id', z.id, 'status', z.status, 'steps', z.steps,
                               'amount', z.amount::text, 'captured', z.captured::text) END,
        'repeat', v_repeat);
END $$;

-- The same with the customer's book locked first, for the attempt that must not be overtaken.
-- VOLATILE, so that what is read after the lock is what is true after it.
CREATE FUNCTION authorizations_locked_snapshot(
    p_customer uuid, p_card text, p_authorization text, p_step int, p_now timestamptz, p_today timestamptz
) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM ledger_book WHERE customer_id = p_customer FOR NO KEY UPDATE;
    RETURN authorizations_snapshot(p_customer, p_card, p_authorization, p_step, p_now, p_today);
END $$;
