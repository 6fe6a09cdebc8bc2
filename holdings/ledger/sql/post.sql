-- The hash that ties an entry to the one before it. Every fact of the entry goes into it.
-- Stable and not immutable, since text of a number or a time depends on settings: the planner inlines
-- only what says so honestly.
CREATE FUNCTION ledger_entry_hash(
    previous bytea, entry uuid, customer uuid, sequence bigint, cause text, kind text,
    event_at timestamptz, created_at timestamptz, details jsonb, legs text
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(previous || convert_to(jsonb_build_array(
        entry, customer, sequence, cause, kind, extract(epoch FROM event_at)::text,
        extract(epoch FROM created_at)::text, details, legs)::text, 'UTF8'))
$$;

CREATE FUNCTION ledger_leg_text(
    leg int, account uuid, house text, side text, currency text, amount numeric, forced boolean
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT leg || ' ' || coalesce(account::text, house) || ' ' || side || ' ' || currency
           || ' ' || amount::numeric(28, 10) || CASE WHEN forced THEN ' forced' ELSE '' END
$$;

-- Append entries to a customer's chain, in their order, all postings in one statement: its triggers
-- fire once. A cause that was posted before is refused by its unique constraint. Returns the number
-- of the last entry.
--   p_entries: [{"id", "cause", "kind", "event_at", "created_at", "details": {…},
--                "legs": [{"account" | "house", "side", "currency", "amount", "forced"}]}]
CREATE FUNCTION ledger_append(p_customer uuid, p_entries jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_sequence bigint;
    v_head bytea;
    v_hash bytea;
    v_legs text;
    e jsonb;
BEGIN
    SELECT entries, head INTO STRICT v_sequence, v_head
      FROM ledger_book WHERE customer_id = p_customer FOR NO KEY UPDATE;
    FOR i IN 0 .. jsonb_array_length(p_entries) - 1 LOOP
        e := p_entries->i;
        SELECT string_agg(ledger_leg_text((ordinality - 1)::int, account, house, side, currency,
                                          amount, coalesce(forced, false)), E'\n' ORDER BY ordinality)
          INTO v_legs
          FROM ROWS FROM (jsonb_to_recordset(e->'legs') AS (account uuid, house text, side text,
                          currency text, amount numeric, forced boolean)) WITH ORDINALITY;
        v_sequence := v_sequence + 1;
        v_hash := ledger_entry_hash(v_head, (e->>'id')::uuid, p_customer, v_sequence, e->>'cause',
                                    e->>'kind', (e->>'event_at')::timestamptz,
                                    (e->>'created_at')::timestamptz, e->'details', v_legs);
        INSERT INTO ledger_journalentry (id, customer_id, sequence, cause, kind, legs, details,
                                         event_at, created_at, previous_hash, hash)
        VALUES ((e->>'id')::uuid, p_customer, v_sequence, e->>'cause', e->>'kind',
                jsonb_array_length(e->'legs'), e->'details', (e->>'event_at')::timestamptz,
                (e->>'created_at')::timestamptz, v_head, v_hash);
        v_head := v_hash;
    END LOOP;
    INSERT INTO ledger_posting (customer_id, entry_id, leg, account_id, house, side, currency,
                                amount, forced)
    SELECT p_customer, (entry->>'id')::uuid, leg - 1, account, house, side, currency, amount,
           coalesce(forced, false)
      FROM jsonb_array_elements(p_entries) WITH ORDINALITY AS _(entry, number),
           ROWS FROM (jsonb_to_recordset(entry->'legs') AS (account uuid, house text, side text,
                      currency text, amount numeric, forced boolean))
               WITH ORDINALITY AS l(account, house, side, currency, amount, forced, leg)
     ORDER BY number, leg;
    UPDATE ledger_book SET version = version + 1, entries = v_sequence, head = v_head
     WHERE customer_id = p_customer;
    RETURN v_sequence;
END $$;

-- Post one journal entry with all its legs. Returns its number in the customer's chain,
-- or NULL when the cause was posted before: then nothing is changed.
--   p: an entry as above, and its "customer"
CREATE FUNCTION ledger_post(p jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_customer uuid := (p->>'customer')::uuid;
BEGIN
    PERFORM FROM ledger_book WHERE customer_id = v_customer FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM ledger_journalentry
                WHERE customer_id = v_customer AND cause = p->>'cause') THEN
        RETURN NULL;
    END IF;
    RETURN ledger_append(v_customer, jsonb_build_array(p));
END $$;

-- Whatever a decision reads moves the customer's book, so that no decision is kept that
-- was thought out on something else. A row's customer is a variable before it is asked for: only then is
-- it known to be here.
CREATE FUNCTION ledger_move_book() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mover uuid := (to_jsonb(NEW)->>TG_ARGV[0])::uuid;
BEGIN
    UPDATE ledger_book SET version = version + 1 WHERE customer_id = mover;
    RETURN NULL;
END $$;

CREATE TRIGGER a_change_of_the_customer_moves_the_book
    AFTER UPDATE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION ledger_move_book('id');
