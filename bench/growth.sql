-- Add customers with two accounts and five entries of two legs each, past all triggers and foreign
-- keys. Their books cannot be proven: they are there to be in the way.
CREATE OR REPLACE FUNCTION bench_fill(p_customers int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    CREATE TEMP TABLE bench_new ON COMMIT DROP AS
    SELECT uuidv7() AS customer, uuidv7() AS owner, uuidv7() AS usd, uuidv7() AS btc
      FROM generate_series(1, p_customers);
    CREATE TEMP TABLE bench_entry ON COMMIT DROP AS
    SELECT uuidv7() AS entry, n.*, number
      FROM generate_series(1, 5) AS number CROSS JOIN bench_new n;

    INSERT INTO customers_user
    SELECT r.* FROM bench_new n,
           (SELECT * FROM customers_user ORDER BY id LIMIT 1) u,
           jsonb_populate_record(u::customers_user, jsonb_build_object(
               'id', n.owner, 'email', n.owner || '@bench.example')) r;
    INSERT INTO customers_customer
    SELECT r.* FROM bench_new n,
           (SELECT * FROM customers_customer ORDER BY id LIMIT 1) c,
           jsonb_populate_record(c::customers_customer, jsonb_build_object(
               'id', n.customer, 'user_id', n.owner)) r;
    INSERT INTO ledger_book (customer_id, entries, version, head)
    SELECT customer, 5, 5, sha256(customer::text::bytea) FROM bench_new;
    INSERT INTO ledger_ledgeraccount (id, customer_id, currency, posted, created_at)
    SELECT usd, customer, 'USD', 500, now() FROM bench_new
     UNION ALL
    SELECT btc, customer, 'BTC', 0, now() FROM bench_new;
    INSERT INTO ledger_journalentry (id, customer_id, sequence, cause, kind, legs, details,
                                     event_at, created_at, previous_hash, hash)
    SELECT entry, customer, number, 'bench:' || entry, 'DEPOSIT', 2, '{"merchant": "RAMEN TOKYO"}',
           now(), now(), sha256(entry::text::bytea), sha256(entry::text::bytea)
      FROM bench_entry;
    INSERT INTO ledger_posting (customer_id, entry_id, leg, account_id, house, side, currency,
                                amount, forced, balance_after)
    SELECT customer, entry, 0, usd, NULL, 'CREDIT', 'USD', 100, false, 100 * number FROM bench_entry
     UNION ALL
    SELECT customer, entry, 1, NULL, 'CUSTODY', 'DEBIT', 'USD', 100, false, NULL FROM bench_entry;
END $$;
