-- The hash that ties an entry to the one before it. Every fact of the entry goes into it.
CREATE FUNCTION ledger_entry_hash(
    previous bytea, entry uuid, customer uuid, sequence bigint, cause text, kind text,
    event_at timestamptz, created_at timestamptz, details jsonb, legs text
) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(previous || convert_to(jsonb_build_array(
        entry, customer, sequence, cause, kind, extract(epoch FROM event_at)::text,
        extract(epoch FROM created_at)::text, details, legs)::text, 'UTF8'))
$$;

CREATE FUNCTION ledger_leg_text(
    leg int, account uuid, house text, side text, currency text, amount numeric, forced boolean
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT leg || ' ' || coalesce(account::text, house) || ' ' || side || ' ' || currency
           || ' ' || amount::numeric(28, 10) || CASE WHEN forced THEN ' forced' ELSE '' END
$$;

-- Post one journal entry with all its legs. Returns its number in the customer's chain,
-- or NULL when the cause was posted before: then nothing is changed.
--   p: {"customer", "id", "cause", "kind", "event_at", "created_at", "details": {…},
--       "legs": [{"account" | "house", "side", "currency", "amount", "forced"}]}
CREATE FUNCTION ledger_post(p jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_customer uuid := (p->>'customer')::uuid;
    v_entry uuid := (p->>'id')::uuid;
    v_event_at timestamptz := (p->>'event_at')::timestamptz;
    v_created_at timestamptz := (p->>'created_at')::timestamptz;
    v_sequence bigint;
    v_head bytea;
    v_hash bytea;
    v_legs text;
BEGIN
    SELECT entries + 1, head INTO STRICT v_sequence, v_head
      FROM ledger_book WHERE customer_id = v_customer FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM ledger_journalentry
                WHERE customer_id = v_customer AND cause = p->>'cause') THEN
        RETURN NULL;
    END IF;
    SELECT string_agg(ledger_leg_text((ordinality - 1)::int, (leg->>'account')::uuid, leg->>'house',
               leg->>'side', leg->>'currency', (leg->>'amount')::numeric,
               coalesce((leg->>'forced')::boolean, false)), E'\n' ORDER BY ordinality)
      INTO v_legs FROM jsonb_array_elements(p->'legs') WITH ORDINALITY AS _(leg, ordinality);
    v_hash := ledger_entry_hash(v_head, v_entry, v_customer, v_sequence, p->>'cause', p->>'kind',
                                v_event_at, v_created_at, p->'details', v_legs);
    INSERT INTO ledger_journalentry (id, customer_id, sequence, cause, kind, legs, details,
                                     event_at, created_at, previous_hash, hash)
    VALUES (v_entry, v_customer, v_sequence, p->>'cause', p->>'kind', jsonb_array_length(p->'legs'),
            p->'details', v_event_at, v_created_at, v_head, v_hash);
    INSERT INTO ledger_posting (customer_id, entry_id, leg, account_id, house, side, currency,
                                amount, forced)
    SELECT v_customer, v_entry, ordinality - 1, (leg->>'account')::uuid, leg->>'house',
           leg->>'side', leg->>'currency', (leg->>'amount')::numeric,
           coalesce((leg->>'forced')::boolean, false)
      FROM jsonb_array_elements(p->'legs') WITH ORDINALITY AS _(leg, ordinality)
     ORDER BY ordinality;
    UPDATE ledger_book SET version = version + 1, entries = v_sequence, head = v_hash
     WHERE customer_id = v_customer;
    RETURN v_sequence;
END $$;

-- Whatever a decision reads moves the customer's book, so that no decision is kept that
-- was thought out on something else.
CREATE FUNCTION ledger_move_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_book SET version = version + 1
     WHERE customer_id = (to_jsonb(NEW)->>TG_ARGV[0])::uuid;
    RETURN NULL;
END $$;

CREATE TRIGGER a_change_of_the_customer_moves_the_book
    AFTER UPDATE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION ledger_move_book('id');
