-- A multiplier's history is what shown units of the past are explained with.

CREATE TRIGGER multipliers_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON assets_multiplier
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- What holders were told stays told: a delisting is called off or priced, once.
CREATE FUNCTION assets_guard_delisting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'a delisting stays on record' USING ERRCODE = 'restrict_violation';
    ELSIF OLD.called_off_at IS NOT NULL OR OLD.priced_at IS NOT NULL THEN
        RAISE EXCEPTION 'a delisting that has ended stays as it is'
            USING ERRCODE = 'restrict_violation';
    ELSIF to_jsonb(OLD) - '{called_off_at,price_usd,price_as_of,priced_at}'::text[]
          <> to_jsonb(NEW) - '{called_off_at,price_usd,price_as_of,priced_at}'::text[] THEN
        RAISE EXCEPTION 'a delisting keeps its terms' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_delisting_keeps_its_terms
    BEFORE UPDATE OR DELETE ON assets_delisting
    FOR EACH ROW EXECUTE FUNCTION assets_guard_delisting();
CREATE TRIGGER delistings_are_kept
    BEFORE TRUNCATE ON assets_delisting
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE ON assets_delisting
    FOR EACH ROW EXECUTE FUNCTION audit_record('asset_id');
