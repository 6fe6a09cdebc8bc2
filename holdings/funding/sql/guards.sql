-- Deposits and withdrawals go the ways below and no others; terms and what was agreed to stay.

CREATE FUNCTION funding_refuse(p_what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', p_what USING ERRCODE = 'restrict_violation';
END $$;

-- A deposit begins pending, and is credited once. A payment that failed may be
-- tried again, and what a chain took back may come again.
CREATE FUNCTION funding_guard_deposit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'PENDING' THEN
            PERFORM funding_refuse('a deposit begins pending');
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.customer_id, OLD.kind, OLD.created_at)
       IS DISTINCT FROM (NEW.id, NEW.customer_id, NEW.kind, NEW.created_at) THEN
        PERFORM funding_refuse('a deposit stays its customer''s');
    END IF;
    IF OLD.state = 'CREDITED' AND (OLD.amount, OLD.currency, OLD.entry_id)
       IS DISTINCT FROM (NEW.amount, NEW.currency, NEW.entry_id) THEN
        PERFORM funding_refuse('what was credited stays as it is');
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('PENDING', 'CREDITED'), ('PENDING', 'FAILED'), ('PENDING', 'CANCELED'),
        ('PENDING', 'UNDONE'), ('PENDING', 'TOO_SMALL'),
        ('FAILED', 'PENDING'), ('FAILED', 'CREDITED'), ('FAILED', 'CANCELED'),
        ('UNDONE', 'PENDING')) THEN
        PERFORM funding_refuse(format('a deposit does not go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_deposit_goes_its_ways
    BEFORE INSERT OR UPDATE ON funding_deposit
    FOR EACH ROW EXECUTE FUNCTION funding_guard_deposit();

-- What came stays what came; one that is final is never pending again. Where it came from is forgotten
-- with whoever is erased.
CREATE FUNCTION funding_guard_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.provider, OLD.provider_reference, OLD.rail, OLD.currency, OLD.amount,
        OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.provider, NEW.provider_reference, NEW.rail, NEW.currency, NEW.amount,
        NEW.created_at)
       OR NEW.account NOT IN (OLD.account, '') THEN
        PERFORM funding_refuse('what was received stays as it is');
    END IF;
    IF OLD.deposit_id IS NOT NULL AND OLD.deposit_id IS DISTINCT FROM NEW.deposit_id THEN
        PERFORM funding_refuse('a receipt stays with its deposit');
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('PENDING', 'FINAL'), ('PENDING', 'DROPPED'), ('DROPPED', 'PENDING'), ('DROPPED', 'FINAL'),
        ('FINAL', 'RETURNING'), ('RETURNING', 'RETURNED'), ('RETURNING', 'FINAL')) THEN
        PERFORM funding_refuse(format('a receipt does not go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_receipt_stays_what_it_is
    BEFORE UPDATE ON funding_receipt
    FOR EACH ROW EXECUTE FUNCTION funding_guard_receipt();

-- A destination leads where it led when the customer proved that it was them. One that was
-- erased leads nowhere, and is removed.
CREATE FUNCTION funding_guard_destination() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_forgotten text[] := '{account,bic,memo,holder,label,removed_at}';
BEGIN
    IF NEW.account = 'erased' AND NEW.removed_at IS NOT NULL
       AND (NEW.bic, NEW.memo, NEW.holder, NEW.label) = ('', '', '', '')
       AND to_jsonb(OLD) - v_forgotten = to_jsonb(NEW) - v_forgotten
       AND NEW.removed_at = coalesce(OLD.removed_at, NEW.removed_at) THEN
        RETURN NEW;
    END IF;
    IF to_jsonb(OLD) - '{label,removed_at}'::text[]
       <> to_jsonb(NEW) - '{label,removed_at}'::text[] THEN
        PERFORM funding_refuse('a destination leads where it led');
    ELSIF OLD.removed_at IS NOT NULL AND NEW.removed_at IS DISTINCT FROM OLD.removed_at THEN
        PERFORM funding_refuse('a destination that was removed stays so');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_destination_leads_where_it_led
    BEFORE UPDATE ON funding_destination
    FOR EACH ROW EXECUTE FUNCTION funding_guard_destination();

CREATE FUNCTION funding_guard_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('AWAITING_APPROVAL', 'READY') THEN
            PERFORM funding_refuse('a withdrawal begins unsent');
        END IF;
        IF NOT EXISTS (SELECT FROM funding_destination d
                        WHERE d.id = NEW.destination_id AND d.customer_id = NEW.customer_id
                          AND d.rail = NEW.rail AND d.removed_at IS NULL) THEN
            PERFORM funding_refuse('a withdrawal goes to a destination of its customer');
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.customer_id, OLD.destination_id, OLD.rail, OLD.currency, OLD.amount, OLD.fee,
        OLD.usd_value, OLD.provider, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.customer_id, NEW.destination_id, NEW.rail, NEW.currency, NEW.amount, NEW.fee,
        NEW.usd_value, NEW.provider, NEW.created_at) THEN
        PERFORM funding_refuse('a withdrawal keeps what was agreed to');
    END IF;
    IF OLD.entry_id IS NOT NULL AND OLD.entry_id IS DISTINCT FROM NEW.entry_id
       OR OLD.return_entry_id IS NOT NULL
          AND OLD.return_entry_id IS DISTINCT FROM NEW.return_entry_id THEN
        PERFORM funding_refuse('a withdrawal keeps its entries');
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('AWAITING_APPROVAL', 'READY'), ('AWAITING_APPROVAL', 'CANCELED'),
        ('READY', 'SENDING'), ('READY', 'CANCELED'),
        ('SENDING', 'SENT'), ('SENDING', 'COMPLETED'), ('SENDING', 'FAILED'),
        ('SENDING', 'RETURNED'),
        ('SENT', 'COMPLETED'), ('SENT', 'FAILED'), ('SENT', 'RETURNED'),
        ('COMPLETED', 'RETURNED')) THEN
        PERFORM funding_refuse(
            format('a withdrawal does not go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_withdrawal_goes_its_ways
    BEFORE INSERT OR UPDATE ON funding_withdrawal
    FOR EACH ROW EXECUTE FUNCTION funding_guard_withdrawal();

CREATE TRIGGER terms_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON funding_railterms
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER deposits_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON funding_deposit
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER top_ups_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON funding_topup
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER take_backs_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON funding_takeback
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER receipts_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON funding_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER destinations_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON funding_destination
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER withdrawals_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON funding_withdrawal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
