-- What holders were told stays told: a delisting is called off or priced, once.
CREATE OR REPLACE FUNCTION assets_guard_delisting() RETURNS trigger LANGUAGE plpgsql AS $$
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
