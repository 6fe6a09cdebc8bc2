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

CREATE TRIGGER changes_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_rowchange
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
