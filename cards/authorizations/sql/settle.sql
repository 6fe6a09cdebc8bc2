-- Let nobody else answer a request until this transaction ends.
CREATE FUNCTION authorizations_lock_request(p_authorization text, p_step int)
RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(p_authorization || ' ' || p_step, 0))
$$;

-- Post a decision, unless the customer's book has moved since its snapshot was read.
-- Returns SETTLED (all of it is written), MOVED or LATE (nothing is).
--   p: {"authorization": {…}, "decision": {…}, "home": the currency in which gains are reckoned,
--       "entries": what `ledger_append` takes, one for each of decision.sales, "hold": null | {…},
--       "notice": what `notifications_tell` takes}
CREATE FUNCTION authorizations_settle(
    p_customer uuid, p_version bigint, p_deadline timestamptz, p jsonb
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_version bigint;
    v_authorization uuid;
    v_sale jsonb;
    a jsonb := p->'authorization';
    -- A release that did not say it reckoned in the card's currency.
    v_home text := coalesce(p->>'home', p->'authorization'->>'currency');
    d jsonb := p->'decision';
    h jsonb := p->'hold';
    v_now timestamptz := (d->>'decided_at')::timestamptz;
    v_step int := (d->>'step')::int;
BEGIN
    SELECT version INTO STRICT v_version
      FROM ledger_book WHERE customer_id = p_customer FOR NO KEY UPDATE;
    IF v_version <> p_version THEN RETURN 'MOVED'; END IF;
    IF clock_timestamp() > p_deadline THEN RETURN 'LATE'; END IF;
    -- The same request was answered without a book meanwhile: that answer stands.
    PERFORM authorizations_lock_request(a->>'stripe_id', v_step);
    IF EXISTS (SELECT FROM authorizations_strayrequest
                WHERE stripe_id = a->>'stripe_id' AND step = v_step) THEN
        RETURN 'MOVED';
    END IF;

    INSERT INTO authorizations_authorization AS z
           (id, customer_id, card_id, stripe_id, currency, status, approved, amount,
            merchant_name, merchant_network_id, merchant_country, mcc, created_at, updated_at)
    VALUES ((a->>'id')::uuid, p_customer, (a->>'card')::uuid, a->>'stripe_id', a->>'currency',
            'PENDING', d->>'outcome' <> 'DECLINED', (d->>'approved_amount')::numeric,
            a->>'merchant_name', a->>'merchant_network_id', a->>'merchant_country', a->>'mcc',
            v_now, v_now)
    ON CONFLICT (customer_id, stripe_id) DO UPDATE
       SET approved = z.approved OR EXCLUDED.approved, updated_at = v_now,
           -- What the network has told us of already is in the amount.
           amount = z.amount + CASE WHEN z.steps > v_step THEN 0 ELSE EXCLUDED.amount END
    RETURNING id INTO v_authorization;

    IF p->'entries' <> '[]' THEN
        PERFORM ledger_append(p_customer, p->'entries');
        FOR v_sale IN SELECT jsonb_array_elements(d->'sales') LOOP
            IF v_sale->>'currency' <> v_home THEN
                PERFORM lots_take(p_customer, v_sale->>'currency', (v_sale->>'entry')::uuid,
                                  (v_sale->>'units')::numeric,
                                  coalesce(v_sale->>'home_value', v_sale->>'proceeds')::numeric, v_now);
            END IF;
            IF a->>'currency' <> v_home THEN
                PERFORM lots_receive(p_customer, (v_sale->>'lot')::uuid, a->>'currency',
                                     (v_sale->>'entry')::uuid, (v_sale->>'proceeds')::numeric,
                                     (v_sale->>'home_value')::numeric, v_home, v_now);
            END IF;
        END LOOP;
    ELSE
        UPDATE ledger_book SET version = version + 1 WHERE customer_id = p_customer;
    END IF;

    IF h <> 'null' THEN
        INSERT INTO ledger_hold AS existing
               (id, customer_id, account_id, reference, amount, forced, created_at, updated_at)
        VALUES ((h->>'id')::uuid, p_customer, (h->>'account')::uuid, h->>'reference',
                (h->>'amount')::numeric, false, v_now, v_now)
        ON CONFLICT (customer_id, reference) DO UPDATE
           SET amount = existing.amount + EXCLUDED.amount, forced = false, updated_at = v_now;
    END IF;

    INSERT INTO authorizations_decision
           (id, customer_id, authorization_id, step, outcome, reason, asked, approved_amount,
            cash_amount, held, policy_id, board_version, book_version, request, inputs, sales,
            answer, decided_at)
    VALUES ((d->>'id')::uuid, p_customer, v_authorization, v_step, d->>'outcome',
            d->>'reason', (d->>'asked')::numeric, (d->>'approved_amount')::numeric,
            (d->>'cash_amount')::numeric, (d->>'held')::numeric, (d->>'policy')::uuid,
            (d->>'board_version')::bigint, p_version, d->'request', d->'inputs', d->'sales',
            d->'answer', v_now);
    PERFORM notifications_tell(p_customer, p->'notice', v_now);
    RETURN 'SETTLED';
END $$;
