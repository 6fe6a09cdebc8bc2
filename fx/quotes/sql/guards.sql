-- A quote is a promise: what it said stays said.
CREATE TRIGGER fee_schedules_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON quotes_feeschedule
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER quote_policies_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON quotes_quotepolicy
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER quotes_are_not_emptied
    BEFORE TRUNCATE ON quotes_quote
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- Only being accepted happens to a quote, once; one that nobody took may be dropped.
CREATE FUNCTION quotes_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.accepted_at IS NOT NULL THEN
        RAISE EXCEPTION 'an accepted quote stays as it is' USING ERRCODE = 'restrict_violation';
    ELSIF TG_OP = 'UPDATE'
          AND to_jsonb(OLD) - 'accepted_at' <> to_jsonb(NEW) - 'accepted_at' THEN
        RAISE EXCEPTION 'a quote keeps its terms' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER a_quote_keeps_its_terms
    BEFORE UPDATE OR DELETE ON quotes_quote
    FOR EACH ROW EXECUTE FUNCTION quotes_guard();

CREATE TRIGGER changes_are_recorded AFTER INSERT ON quotes_feeschedule
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER INSERT ON quotes_quotepolicy
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
