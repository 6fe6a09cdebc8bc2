-- Parties and requests go the ways below and no others; what was agreed to stays.

CREATE FUNCTION primary_refuse(p_what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', p_what USING ERRCODE = 'restrict_violation';
END $$;

-- A party begins proposed, is let in once, keeps its wallet, and ends once. One that was erased has
-- no wallet, and has ended.
CREATE FUNCTION primary_guard_party() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_ending text[] := '{ended_at,ended_because}';
    v_going text[] := '{onboarded_at,ended_at,ended_because}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.onboarded_at IS NOT NULL OR NEW.ended_at IS NOT NULL THEN
            PERFORM primary_refuse('a party begins proposed');
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.wallet = 'erased' AND NEW.ended_because = 'erased'
       AND NEW.ended_at = coalesce(OLD.ended_at, NEW.ended_at)
       AND to_jsonb(OLD) - (v_ending || 'wallet'::text)
           = to_jsonb(NEW) - (v_ending || 'wallet'::text) THEN
        RETURN NEW;
    END IF;
    IF OLD.ended_at IS NOT NULL THEN
        PERFORM primary_refuse('a party that has ended stays as it is');
    ELSIF to_jsonb(OLD) - v_going <> to_jsonb(NEW) - v_going
          OR OLD.onboarded_at IS NOT NULL AND OLD.onboarded_at IS DISTINCT FROM NEW.onboarded_at THEN
        PERFORM primary_refuse('a party keeps its wallet');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_party_keeps_its_wallet
    BEFORE INSERT OR UPDATE ON primary_party
    FOR EACH ROW EXECUTE FUNCTION primary_guard_party();

-- A request begins undecided, keeps its terms and its entry, and ends once. Why it ended is
-- forgotten with whoever is erased.
CREATE FUNCTION primary_guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_words text[] := '{failure,last_error}';
    v_going text[] := '{state,issuer_reference,units,cash,price,entry_id,approved_at,submitted_at,ended_at}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'REQUESTED' THEN
            PERFORM primary_refuse('a request begins undecided');
        END IF;
        IF NOT EXISTS (SELECT FROM primary_party p
                        WHERE p.id = NEW.party_id AND p.customer_id = NEW.customer_id
                          AND p.onboarded_at IS NOT NULL AND p.ended_at IS NULL) THEN
            PERFORM primary_refuse('a request is of a party');
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(OLD) - (v_words || v_going) <> to_jsonb(NEW) - (v_words || v_going)
       OR OLD.units <> NEW.units OR OLD.cash <> NEW.cash
       OR OLD.units IS NOT NULL AND NEW.units IS NULL
       OR OLD.cash IS NOT NULL AND NEW.cash IS NULL THEN
        PERFORM primary_refuse('a request keeps its terms');
    END IF;
    IF OLD.ended_at IS NOT NULL THEN
        IF to_jsonb(OLD) - v_words <> to_jsonb(NEW) - v_words
           OR NEW.failure NOT IN (OLD.failure, 'erased')
           OR NEW.last_error NOT IN (OLD.last_error, '') THEN
            PERFORM primary_refuse('a request that has ended stays as it is');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.approved_at <> NEW.approved_at OR OLD.submitted_at <> NEW.submitted_at
       OR OLD.submitted_at IS NOT NULL AND NEW.submitted_at IS NULL THEN
        PERFORM primary_refuse('a request is approved once and given to the issuer once');
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
        ('REQUESTED', 'APPROVED'), ('REQUESTED', 'REJECTED'), ('REQUESTED', 'CANCELED'),
        ('APPROVED', 'SETTLED'), ('APPROVED', 'FAILED')) THEN
        PERFORM primary_refuse(
            format('a request does not go from %s to %s', OLD.state, NEW.state));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_request_goes_its_ways
    BEFORE INSERT OR UPDATE ON primary_request
    FOR EACH ROW EXECUTE FUNCTION primary_guard_request();

CREATE TRIGGER parties_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON primary_party
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER primary_requests_are_not_deleted
    BEFORE DELETE OR TRUNCATE ON primary_request
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- Who let somebody in, ended a party or rejected a request, when and why.
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE ON primary_party
    FOR EACH ROW EXECUTE FUNCTION audit_record('id', 'wallet', 'ended_because');
CREATE TRIGGER changes_are_recorded AFTER UPDATE ON primary_request
    FOR EACH ROW EXECUTE FUNCTION audit_record('id', 'failure', 'last_error');
