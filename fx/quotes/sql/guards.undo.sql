DROP TRIGGER changes_are_recorded ON quotes_quotepolicy;
DROP TRIGGER changes_are_recorded ON quotes_feeschedule;
DROP TRIGGER a_quote_keeps_its_terms ON quotes_quote;
DROP FUNCTION quotes_guard();
DROP TRIGGER quotes_are_not_emptied ON quotes_quote;
DROP TRIGGER quote_policies_are_append_only ON quotes_quotepolicy;
DROP TRIGGER fee_schedules_are_append_only ON quotes_feeschedule;
DROP FUNCTION quotes_refuse_change();
