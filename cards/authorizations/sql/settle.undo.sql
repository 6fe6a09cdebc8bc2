DROP FUNCTION authorizations_settle(uuid, bigint, timestamptz, jsonb);
DROP FUNCTION authorizations_lock_request(text, int);
