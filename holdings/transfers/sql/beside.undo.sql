CREATE OR REPLACE FUNCTION transfers_guard_split() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_split uuid := CASE TG_TABLE_NAME WHEN 'transfers_splitbill' THEN NEW.id
                    ELSE (to_jsonb(NEW) ->> 'split_id')::uuid END;
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM transfers_splitbill b
         WHERE b.id = v_split
           AND b.units = b.own_units + (SELECT coalesce(sum(s.units), 0)
                                          FROM transfers_splitshare s WHERE s.split_id = b.id)
           AND b.people = (b.own_units > 0)::int + (SELECT count(*) FROM transfers_splitshare s
                                                     WHERE s.split_id = b.id)) THEN
        RAISE EXCEPTION 'the shares of a bill sum to it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
