DROP FUNCTION authorizations_locked_snapshot(text, text, int, timestamptz, timestamptz);
DROP FUNCTION authorizations_snapshot(text, text, int, timestamptz, timestamptz);
