DROP FUNCTION limits_take(text[], int[], int[]);
ALTER TABLE limits_hit SET LOGGED;
