DROP FUNCTION authorizations_snapshot(text, text, int, timestamptz, timestamptz);
