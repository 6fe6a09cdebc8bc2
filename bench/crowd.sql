-- Copy a customer with card, preferences, policy, accounts, deposits and lots.
-- The ledger is written by its own function, so that the copy's books can be proven.
CREATE OR REPLACE FUNCTION bench_copy(p_pattern uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_user uuid := uuidv7();
    v_customer uuid := uuidv7();
    v_holder uuid := uuidv7();
    v_card uuid := uuidv7();
    v_name text := replace(v_customer::text, '-', '');
    v_entry uuid;
    e record;
BEGIN
    INSERT INTO customers_user
    SELECT r.* FROM customers_user u JOIN customers_customer c ON c.user_id = u.id,
           jsonb_populate_record(u, jsonb_build_object('id', v_user, 'email', v_name || '@bench.example')) r
     WHERE c.id = p_pattern;
    INSERT INTO customers_customer
    SELECT r.* FROM customers_customer c,
           jsonb_populate_record(c, jsonb_build_object('id', v_customer, 'user_id', v_user)) r
     WHERE c.id = p_pattern;
    INSERT INTO ledger_book (customer_id, head) VALUES (v_customer, decode(repeat('00', 32), 'hex'));
    INSERT INTO issuing_spendingprofile
    SELECT r.* FROM issuing_spendingprofile s,
           jsonb_populate_record(s, jsonb_build_object('customer_id', v_customer)) r
     WHERE s.customer_id = p_pattern;
    INSERT INTO issuing_policy
    SELECT r.* FROM issuing_policy p,
           jsonb_populate_record(p, jsonb_build_object('id', uuidv7(), 'customer_id', v_customer)) r
     WHERE p.customer_id = p_pattern;
    INSERT INTO issuing_cardholder
    SELECT r.* FROM issuing_cardholder h,
           jsonb_populate_record(h, jsonb_build_object(
               'id', v_holder, 'customer_id', v_customer, 'stripe_id', 'ich_' || v_name)) r
     WHERE h.customer_id = p_pattern;
    INSERT INTO issuing_card
    SELECT r.* FROM issuing_card k,
           jsonb_populate_record(k, jsonb_build_object(
               'id', v_card, 'customer_id', v_customer, 'cardholder_id', v_holder,
               'stripe_id', 'ic_' || v_name)) r
     WHERE k.customer_id = p_pattern;
    INSERT INTO issuing_carddirectory (stripe_id, card_id, customer_id)
    VALUES ('ic_' || v_name, v_card, v_customer) ON CONFLICT DO NOTHING;
    INSERT INTO ledger_ledgeraccount (id, customer_id, currency, created_at)
    SELECT uuidv7(), v_customer, currency, now() FROM ledger_ledgeraccount WHERE customer_id = p_pattern;
    FOR e IN SELECT * FROM ledger_journalentry WHERE customer_id = p_pattern ORDER BY sequence LOOP
        v_entry := uuidv7();
        PERFORM ledger_post(jsonb_build_object(
            'customer', v_customer, 'id', v_entry, 'cause', e.cause, 'kind', e.kind,
            'event_at', e.event_at, 'created_at', now(), 'details', e.details,
            'legs', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                                'side', p.side, 'currency', p.currency, 'amount', p.amount::text,
                                'account', mine.id, 'house', p.house)) ORDER BY p.leg)
                       FROM ledger_posting p
                       LEFT JOIN ledger_ledgeraccount mine
                         ON p.account_id IS NOT NULL AND mine.customer_id = v_customer
                        AND mine.currency = p.currency
                      WHERE p.customer_id = p_pattern AND p.entry_id = e.id)));
        INSERT INTO lots_lot
        SELECT r.* FROM bench_lot l,
           jsonb_populate_record(l, jsonb_build_object(
                   'id', uuidv7(), 'customer_id', v_customer, 'entry_id', v_entry)) r
     WHERE l.entry_id = e.id;
    END LOOP;
    RETURN 'ic_' || v_name;
END $$;
