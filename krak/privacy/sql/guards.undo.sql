DROP TRIGGER erasures_are_not_emptied ON privacy_erasure;
DROP TRIGGER erasures_are_append_only ON privacy_erasure;
DROP FUNCTION privacy_keep_erasure();
