-- Put a notice into a customer's inbox, for functions that have no second round trip to spare.
-- That it is carried out of there is promised if anything might carry it. Who is waited for does not
-- wait for somebody else's notice to the same customer: then it is promised as a whole.
--   p: what `krak.notifications.services.posted` returns
CREATE FUNCTION notifications_tell(p_customer uuid, p jsonb, p_now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM notifications_feed WHERE customer_id = p_customer FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND AND EXISTS (SELECT FROM notifications_feed WHERE customer_id = p_customer) THEN
        INSERT INTO outbox_outboxmessage (id, topic, payload)
        VALUES ((p->>'id')::uuid, 'notifications.tell',
                jsonb_build_object('customer', p_customer, 'kind', p->'kind', 'facts', p->'facts'));
        RETURN;
    END IF;
    INSERT INTO notifications_notification (id, customer_id, kind, facts, created_at)
    VALUES ((p->>'id')::uuid, p_customer, p->>'kind', p->'facts', p_now);
    IF (p->>'mailed')::boolean
       OR EXISTS (SELECT FROM notifications_pushtoken WHERE customer_id = p_customer)
       OR EXISTS (SELECT FROM notifications_preference WHERE customer_id = p_customer AND enabled) THEN
        INSERT INTO outbox_outboxmessage (id, topic, payload)
        VALUES ((p->>'id')::uuid, 'notifications.carry',
                jsonb_build_object('customer', p_customer, 'notification', p->>'id'));
    END IF;
END $$;
