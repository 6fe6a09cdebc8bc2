-- A halt or a widening says what was ordered, and when. It can be ended, and nothing else.

CREATE FUNCTION venues_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What is over stays over, and an end that was announced can only come sooner.
    IF to_jsonb(NEW) - 'until_at' <> to_jsonb(OLD) - 'until_at'
        OR coalesce(NEW.until_at, 'infinity') > coalesce(OLD.until_at, 'infinity') THEN
        RAISE EXCEPTION '% is history: end it, or order something new', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER halts_are_history
    BEFORE DELETE OR TRUNCATE ON venues_halt
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER halts_are_only_ended
    BEFORE UPDATE ON venues_halt
    FOR EACH ROW EXECUTE FUNCTION venues_refuse_rewriting();
CREATE TRIGGER widenings_are_history
    BEFORE DELETE OR TRUNCATE ON venues_widening
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER widenings_are_only_ended
    BEFORE UPDATE ON venues_widening
    FOR EACH ROW EXECUTE FUNCTION venues_refuse_rewriting();
