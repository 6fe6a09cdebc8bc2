-- What somebody was called is erased from the history of changes when they are: which row, which
-- columns, when, by whom and why stay, and nothing but a value can become "erased".
CREATE FUNCTION audit_only_erases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.changed = OLD.changed OR to_jsonb(NEW) - 'changed' <> to_jsonb(OLD) - 'changed'
       OR (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(NEW.changed) k)
          IS DISTINCT FROM (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(OLD.changed) k)
       OR EXISTS (SELECT FROM jsonb_each(NEW.changed) said
                   WHERE said.value <> OLD.changed->said.key AND said.value <> '["erased", "erased"]')
    THEN
        RAISE EXCEPTION 'UPDATE is not allowed on %: its history is kept', TG_TABLE_NAME
              USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER changes_are_append_only ON audit_rowchange;
CREATE TRIGGER changes_are_append_only
    BEFORE DELETE OR TRUNCATE ON audit_rowchange
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER changes_only_become_erased
    BEFORE UPDATE ON audit_rowchange
    FOR EACH ROW EXECUTE FUNCTION audit_only_erases();
