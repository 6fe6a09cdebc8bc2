-- An erasure happened or did not; only that the sweep has ended is added later.
CREATE FUNCTION privacy_keep_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.swept_at IS NULL
       AND (to_jsonb(NEW) - 'swept_at') = (to_jsonb(OLD) - 'swept_at') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: who was erased stays so', TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER erasures_are_append_only BEFORE UPDATE OR DELETE ON privacy_erasure
    FOR EACH ROW EXECUTE FUNCTION privacy_keep_erasure();
CREATE TRIGGER erasures_are_not_emptied BEFORE TRUNCATE ON privacy_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION privacy_keep_erasure();
