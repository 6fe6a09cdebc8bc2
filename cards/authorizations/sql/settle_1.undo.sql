DROP FUNCTION authorizations_settle(uuid, bigint, timestamptz, jsonb);
