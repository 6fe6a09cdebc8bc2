DROP TRIGGER changes_only_become_erased ON audit_rowchange;
DROP TRIGGER changes_are_append_only ON audit_rowchange;
CREATE TRIGGER changes_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_rowchange
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
DROP FUNCTION audit_only_erases();
