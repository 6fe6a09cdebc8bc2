-- Write down a change of a row. Arguments: the key's column, then columns that are nobody's
-- business here (secrets, and what changes by itself). Who and why are said by the application
-- in `krak.audit`, for the length of its transaction; a change is recorded also without them.
CREATE FUNCTION audit_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_before jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    v_after jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    v_context jsonb := coalesce(nullif(current_setting('krak.audit', true), ''), '{}')::jsonb;
    v_changed jsonb;
BEGIN
    SELECT jsonb_object_agg(name, jsonb_build_array(v_before->name, v_after->name))
      INTO v_changed
      FROM jsonb_object_keys(v_before || v_after) AS name
     WHERE v_before->name IS DISTINCT FROM v_after->name
       AND name <> ALL (TG_ARGV[1:]);
    IF v_changed IS NOT NULL THEN
        INSERT INTO audit_rowchange (at, "table", "row", operation, changed, actor, reason,
                                  request_id, database_role)
        VALUES (clock_timestamp(), TG_TABLE_NAME, (v_before || v_after)->>TG_ARGV[0], TG_OP,
                v_changed, (v_context->>'actor')::uuid, coalesce(v_context->>'reason', ''),
                coalesce(v_context->>'request_id', ''), session_user);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is not allowed on %: its history is kept', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

-- What somebody was called is erased from the history of changes when they are: which row, which
-- columns, when, by whom and why stay, and nothing but a value can become "erased". Erasing a value
-- takes its salt with it, and touches no other proof.
CREATE FUNCTION audit_only_erases() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_proofs jsonb;
BEGIN
    SELECT jsonb_object_agg(key, CASE WHEN NEW.changed->key = '["erased", "erased"]'
                                      THEN jsonb_build_array(NULL, value->1) ELSE value END)
      INTO v_proofs FROM jsonb_each(OLD.proofs);
    IF NEW.changed = OLD.changed
       OR to_jsonb(NEW) - 'changed' - 'proofs' <> to_jsonb(OLD) - 'changed' - 'proofs'
       OR (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(NEW.changed) k)
          IS DISTINCT FROM (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(OLD.changed) k)
       OR EXISTS (SELECT FROM jsonb_each(NEW.changed) said
                   WHERE said.value <> OLD.changed->said.key AND said.value <> '["erased", "erased"]')
    THEN
        RAISE EXCEPTION 'UPDATE is not allowed on %: its history is kept', TG_TABLE_NAME
              USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.proofs := v_proofs;
    RETURN NEW;
END $$;

CREATE TRIGGER changes_are_append_only
    BEFORE DELETE OR TRUNCATE ON audit_rowchange
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER changes_only_become_erased
    BEFORE UPDATE ON audit_rowchange
    FOR EACH ROW EXECUTE FUNCTION audit_only_erases();
