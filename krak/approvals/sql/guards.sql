-- A proposal is what the checker saw: its content stays, and it ends once.
CREATE FUNCTION approvals_guard_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'a proposal is not deleted' USING ERRCODE = 'restrict_violation';
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'PROPOSED' OR NEW.outcome <> '' THEN
            RAISE EXCEPTION 'a proposal begins undecided' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.id, OLD.kind, OLD.subject, OLD.payload, OLD.reason, OLD.content_hash,
        OLD.proposed_by_id, OLD.proposed_at, OLD.expires_at)
       IS DISTINCT FROM
       (NEW.id, NEW.kind, NEW.subject, NEW.payload, NEW.reason, NEW.content_hash,
        NEW.proposed_by_id, NEW.proposed_at, NEW.expires_at) THEN
        RAISE EXCEPTION 'the content of a proposal does not change'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'PROPOSED' THEN
        RAISE EXCEPTION 'a proposal is decided once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_proposal_keeps_its_content_and_ends_once
    BEFORE INSERT OR UPDATE OR DELETE ON approvals_proposal
    FOR EACH ROW EXECUTE FUNCTION approvals_guard_proposal();
CREATE TRIGGER proposals_are_not_truncated
    BEFORE TRUNCATE ON approvals_proposal
    FOR EACH STATEMENT EXECUTE FUNCTION approvals_guard_proposal();
