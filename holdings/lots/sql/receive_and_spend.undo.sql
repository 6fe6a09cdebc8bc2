DROP FUNCTION lots_receive(uuid, uuid, text, uuid, numeric, numeric, text, timestamptz);
DROP FUNCTION lots_spend(uuid, text, uuid, numeric, numeric, timestamptz);
