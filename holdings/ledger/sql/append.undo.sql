-- Post one journal entry with all its legs. Returns its number in the customer's chain,
-- or NULL when the cause was posted before: then nothing is changed.
--   p: {"customer", "id", "cause", "kind", "event_at", "created_at", "details": {…},
--       "legs": [{"account" | "house", "side", "currency", "amount", "forced"}]}
CREATE OR REPLACE FUNCTION ledger_post(p jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
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

DROP FUNCTION ledger_append(uuid, jsonb);
ALTER FUNCTION ledger_entry_hash(bytea, uuid, uuid, bigint, text, text, timestamptz, timestamptz, jsonb, text) IMMUTABLE;
ALTER FUNCTION ledger_leg_text(int, uuid, text, text, text, numeric, boolean) IMMUTABLE;
