-- What a customer opens is of a capture of theirs, in its currency, and of no more than it.
CREATE FUNCTION disputes_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM clearing_cardtransaction AS captured
         WHERE captured.id = NEW.transaction_id
           AND captured.customer_id = NEW.customer_id
           AND captured.kind = 'CAPTURE'
           AND captured.currency = NEW.currency
           AND captured.amount >= NEW.amount
    ) THEN
        RAISE EXCEPTION 'a dispute is of a capture of its owner and of no more than it'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_dispute_is_within_its_capture
    BEFORE INSERT ON disputes_dispute
    FOR EACH ROW WHEN (NEW.opened_at IS NOT NULL)
    EXECUTE FUNCTION disputes_opened();

-- What it is of stays, and so does what has happened.
CREATE FUNCTION disputes_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was opened keeps its purchase, reason and times'
        USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER a_dispute_keeps_what_it_is_of
    BEFORE UPDATE ON disputes_dispute
    FOR EACH ROW WHEN (
        (NEW.customer_id, NEW.transaction_id, NEW.currency)
            IS DISTINCT FROM (OLD.customer_id, OLD.transaction_id, OLD.currency)
        OR (NEW.reason, NEW.opened_at, NEW.deadline_at)
            IS DISTINCT FROM (OLD.reason, OLD.opened_at, OLD.deadline_at)
        OR (OLD.sent_at IS NOT NULL AND NEW.sent_at IS DISTINCT FROM OLD.sent_at)
        OR (OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at)
        OR (OLD.stripe_id <> '' AND NEW.stripe_id <> OLD.stripe_id)
    )
    EXECUTE FUNCTION disputes_kept();
