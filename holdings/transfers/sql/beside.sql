-- Asked for by customer, so that it runs beside the rows; there tables have other names.
CREATE OR REPLACE FUNCTION transfers_guard_split() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_split uuid := coalesce(to_jsonb(NEW) ->> 'split_id', NEW.id::text);
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM transfers_splitbill b
         WHERE b.customer_id = NEW.customer_id AND b.id = v_split
           AND (b.units, b.people) = (
               SELECT b.own_units + coalesce(sum(s.units), 0), (b.own_units > 0)::int + count(*)
                 FROM transfers_splitshare s
                WHERE s.customer_id = NEW.customer_id AND s.split_id = v_split)) THEN
        RAISE EXCEPTION 'the shares of a bill sum to it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
