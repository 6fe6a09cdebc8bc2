DROP TABLE candles_candle;
DROP FUNCTION candles_drop_partitions(timestamptz);
DROP FUNCTION candles_make_partitions(timestamptz);
DROP FUNCTION candles_make_leaf(text, text, timestamp, interval);
