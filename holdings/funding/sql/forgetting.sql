-- Whoever is erased is forgotten: where money came to and where it went becomes empty.
CREATE OR REPLACE FUNCTION funding_guard_receipt() RETURNS trigger LANGUAGE plpgsql AS $$
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

-- One that was erased leads nowhere, and is removed.
CREATE OR REPLACE FUNCTION funding_guard_destination() RETURNS trigger LANGUAGE plpgsql AS $$
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
