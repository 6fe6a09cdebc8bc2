-- What was sent stays sent, and a delivery keeps what it is about.
CREATE FUNCTION notifications_deliver() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('SENT', 'FAILED') THEN
        RAISE EXCEPTION 'a delivery that has ended stays ended' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.customer_id, NEW.notification_id, NEW.channel, NEW.target)
       IS DISTINCT FROM (OLD.customer_id, OLD.notification_id, OLD.channel, OLD.target) THEN
        RAISE EXCEPTION 'a delivery keeps what it is about' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_delivery_ends_once BEFORE UPDATE ON notifications_delivery
    FOR EACH ROW EXECUTE FUNCTION notifications_deliver();
