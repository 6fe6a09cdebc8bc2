-- Release up to so much of a hold, overdrawn or not; one that was never placed is passed over.
-- The customer's book must be locked by the caller.
CREATE FUNCTION ledger_release(p_customer uuid, p_reference text, p_most numeric, p_at timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger_hold
       SET amount = amount - least(amount, p_most), forced = true, updated_at = p_at
     WHERE customer_id = p_customer AND reference = p_reference AND amount > 0 AND p_most > 0;
END $$;
