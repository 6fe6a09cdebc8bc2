ALTER FUNCTION candles_make_partitions(timestamptz) SECURITY INVOKER RESET search_path;
ALTER FUNCTION candles_drop_partitions(timestamptz) SECURITY INVOKER RESET search_path;
