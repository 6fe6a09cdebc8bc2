DROP TRIGGER changes_are_recorded ON assets_delisting;
DROP TRIGGER delistings_are_kept ON assets_delisting;
DROP TRIGGER a_delisting_keeps_its_terms ON assets_delisting;
DROP FUNCTION assets_guard_delisting();
