CREATE TRIGGER secret_accesses_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON issuing_secretaccess
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
