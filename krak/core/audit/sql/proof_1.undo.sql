DROP FUNCTION audit_breaks();
