-- Tables are made and dropped by their owner, whoever asks: web and worker need not be that.
ALTER FUNCTION candles_make_partitions(timestamptz) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION candles_drop_partitions(timestamptz) SECURITY DEFINER SET search_path = public, pg_temp;
