-- Candles of all assets: mid per base unit in USD. `at` is where a candle begins; `first_ms` and
-- `last_ms` are where within it its open and its close were seen, so that any two candles of one
-- asset and moment can be merged in any order, any number of times.
--
-- The key leads with the code, because charts ask for one asset over time. Leaves are cut so that
-- what has had its time is dropped as a table and never deleted row by row.
CREATE TABLE candles_candle (
    span     text        NOT NULL,
    code     varchar(16) NOT NULL,
    at       timestamptz NOT NULL,
    first_ms integer     NOT NULL,
    last_ms  integer     NOT NULL,
    open     numeric     NOT NULL,
    high     numeric     NOT NULL,
    low      numeric     NOT NULL,
    close    numeric     NOT NULL,
    PRIMARY KEY (code, at, span),
    -- NaN is above infinity in the order of numerics.
    CONSTRAINT a_candle_is_of_positive_finite_prices CHECK (low > 0 AND high < 'Infinity'),
    CONSTRAINT a_candle_opens_and_closes_between_low_and_high
        CHECK (low <= least(open, close) AND greatest(open, close) <= high),
    CONSTRAINT a_candle_begins_where_its_span_does
        CHECK (extract(epoch FROM at) % CASE span WHEN '1m' THEN 60 WHEN '1h' THEN 3600 ELSE 86400 END = 0),
    CONSTRAINT a_candle_is_seen_within_its_span
        CHECK (0 <= first_ms AND first_ms <= last_ms
               AND last_ms < CASE span WHEN '1m' THEN 60 WHEN '1h' THEN 3600 ELSE 86400 END * 1000)
) PARTITION BY LIST (span);

-- All of one minute at once. The 918 rows of a minute are one entry of the tree, so it is small; BRIN
-- would be smaller, but finds nothing in what was not vacuumed since.
CREATE INDEX candles_by_time ON candles_candle (at);

CREATE TABLE candles_1m PARTITION OF candles_candle FOR VALUES IN ('1m') PARTITION BY RANGE (at);
CREATE TABLE candles_1h PARTITION OF candles_candle FOR VALUES IN ('1h') PARTITION BY RANGE (at);
CREATE TABLE candles_1d PARTITION OF candles_candle FOR VALUES IN ('1d') PARTITION BY RANGE (at);

-- Make the leaf of `p_parent` that begins at `p_from` if there is none, and tell whether there was none.
-- Attached and not made in place: attaching lets everybody go on reading and writing.
CREATE FUNCTION candles_make_leaf(p_parent text, p_format text, p_from timestamp, p_step interval)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_leaf text := p_parent || '_' || to_char(p_from, p_format);
BEGIN
    IF to_regclass(v_leaf) IS NOT NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING CONSTRAINTS INCLUDING INDEXES)', v_leaf, p_parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   p_parent, v_leaf, p_from::text || '+00', (p_from + p_step)::text || '+00');
    RETURN 1;
END $$;

-- Make the leaves from the day before `p_now` to some time ahead; returns how many were missing.
-- Made and dropped by the owner of the tables, whoever asks: web and worker need not be that.
CREATE FUNCTION candles_make_partitions(p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_from timestamp := (p_now AT TIME ZONE 'UTC') - interval '1 day';
    v_made integer := 0;
    v_at timestamp;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('candles_make_partitions'));
    FOR v_at IN SELECT generate_series(date_trunc('day', v_from), v_from + interval '4 days', '1 day') LOOP
        v_made := v_made + candles_make_leaf('candles_1m', 'YYYYMMDD', v_at, '1 day');
    END LOOP;
    FOR v_at IN SELECT generate_series(date_trunc('month', v_from), v_from + interval '2 months', '1 month') LOOP
        v_made := v_made + candles_make_leaf('candles_1h', 'YYYYMM', v_at, '1 month');
    END LOOP;
    FOR v_at IN SELECT generate_series(date_trunc('year', v_from), v_from + interval '1 year', '1 year') LOOP
        v_made := v_made + candles_make_leaf('candles_1d', 'YYYY', v_at, '1 year');
    END LOOP;
    RETURN v_made;
END $$;

-- Drop the leaves whose last moment is over 7 days (minutes) or a year (hours) before `p_now`;
-- returns how many. Days stay for ever.
CREATE FUNCTION candles_drop_partitions(p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_now timestamp := p_now AT TIME ZONE 'UTC';
    v_leaf regclass;
    v_dropped integer := 0;
BEGIN
    FOR v_leaf IN
        SELECT inhrelid::regclass FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
         WHERE CASE inhparent
               WHEN 'candles_1m'::regclass
               THEN to_date(right(relname, 8), 'YYYYMMDD') + interval '1 day' <= v_now - interval '7 days'
               WHEN 'candles_1h'::regclass
               THEN to_date(right(relname, 6), 'YYYYMM') + interval '1 month' <= v_now - interval '1 year'
               END
    LOOP
        EXECUTE format('DROP TABLE %s', v_leaf);
        v_dropped := v_dropped + 1;
    END LOOP;
    RETURN v_dropped;
END $$;

SELECT candles_make_partitions(now());
