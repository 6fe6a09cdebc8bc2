DROP TRIGGER changes_are_append_only ON audit_rowchange;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_record();
