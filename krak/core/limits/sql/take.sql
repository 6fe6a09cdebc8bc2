ALTER TABLE limits_hit SET UNLOGGED;

-- Count one more hit under each key, or none at all: returns 0 when all fit, else the seconds
-- until they may. Callers of the same key wait for each other, so the count is exact.
CREATE FUNCTION limits_take(keys text[], most int[], seconds int[]) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE
    v_key text;
    v_now timestamptz;
    v_wait double precision := 0;
BEGIN
    -- In one order, so that two callers of two keys do not wait for each other.
    FOR v_key IN SELECT DISTINCT k FROM unnest(keys) AS k ORDER BY k LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended(v_key, 0));
    END LOOP;
    v_now := clock_timestamp();
    FOR n IN 1 .. cardinality(keys) LOOP
        DELETE FROM limits_hit
         WHERE key = keys[n] AND at <= v_now - seconds[n] * interval '1 second';
        SELECT greatest(v_wait, coalesce(extract(epoch FROM
                   min(at) + seconds[n] * interval '1 second' - v_now), 0))
          INTO v_wait
          FROM (SELECT at FROM limits_hit WHERE key = keys[n] ORDER BY at DESC LIMIT most[n]) AS newest
        HAVING count(*) >= most[n];
        v_wait := coalesce(v_wait, 0);
        IF v_wait > 0 THEN
            RETURN v_wait;
        END IF;
    END LOOP;
    INSERT INTO limits_hit (key, at) SELECT k, v_now FROM unnest(keys) AS k;
    RETURN 0;
END $$;
