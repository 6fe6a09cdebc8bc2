DROP FUNCTION lots_breaks(uuid, uuid);
