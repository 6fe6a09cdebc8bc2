DROP TRIGGER lots_are_not_deleted ON lots_lot;
DROP TRIGGER disposals_are_append_only ON lots_disposal;
DROP FUNCTION lots_take(uuid, text, uuid, numeric, numeric, timestamptz);
