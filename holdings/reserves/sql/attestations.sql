CREATE TRIGGER attestations_stay
    BEFORE UPDATE ON reserves_attestation
    FOR EACH ROW EXECUTE FUNCTION reserves_guard_statement();
CREATE TRIGGER attestations_are_kept
    BEFORE DELETE OR TRUNCATE ON reserves_attestation
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
