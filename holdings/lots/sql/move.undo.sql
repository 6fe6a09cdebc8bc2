DROP FUNCTION lots_move(uuid, text, uuid, numeric, timestamptz);
