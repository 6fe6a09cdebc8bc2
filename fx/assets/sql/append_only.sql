-- A multiplier's history is what shown units of the past are explained with.

CREATE FUNCTION assets_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: override it with a new row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER multipliers_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON assets_multiplier
    FOR EACH STATEMENT EXECUTE FUNCTION assets_refuse_change();
