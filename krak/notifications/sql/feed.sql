-- The database numbers the notices of each customer, whoever inserts them: 1, 2, 3, …
-- The counter's row is locked until the end of the transaction, so numbers become visible in
-- their order and one that is rolled back is given again: who has read up to n has missed nothing.
CREATE FUNCTION notifications_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notifications_feed AS f (customer_id, last) VALUES (NEW.customer_id, 1)
    ON CONFLICT (customer_id) DO UPDATE SET last = f.last + 1
    RETURNING last INTO NEW.sequence;
    RETURN NEW;
END $$;
CREATE TRIGGER a_notice_is_numbered BEFORE INSERT ON notifications_notification
    FOR EACH ROW EXECUTE FUNCTION notifications_number();

CREATE FUNCTION notifications_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.customer_id, NEW.sequence, NEW.kind, NEW.created_at)
       IS DISTINCT FROM (OLD.id, OLD.customer_id, OLD.sequence, OLD.kind, OLD.created_at) THEN
        RAISE EXCEPTION 'a notice is not changed, only read' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_notice_is_not_changed BEFORE UPDATE ON notifications_notification
    FOR EACH ROW EXECUTE FUNCTION notifications_keep();

CREATE FUNCTION notifications_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last <> OLD.last + 1 THEN
        RAISE EXCEPTION 'notices are counted one by one' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_feed_counts_one_by_one BEFORE UPDATE ON notifications_feed
    FOR EACH ROW EXECUTE FUNCTION notifications_count();
