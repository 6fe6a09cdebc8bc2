DROP TRIGGER multipliers_are_append_only ON assets_multiplier;
DROP FUNCTION assets_refuse_change();
