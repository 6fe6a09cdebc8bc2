DROP FUNCTION notifications_tell(uuid, jsonb, timestamptz);
