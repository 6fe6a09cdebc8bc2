-- A promise that was given up and is made again moves money again: who wanted that, and why. What
-- the relay and the workers write of messages all day is not recorded.
CREATE TRIGGER a_dead_message_sent_again_is_recorded AFTER UPDATE ON outbox_outboxmessage
    FOR EACH ROW WHEN (OLD.dead_at IS NOT NULL AND NEW.dead_at IS NULL)
    EXECUTE FUNCTION audit_record('id');
