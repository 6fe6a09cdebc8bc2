-- What was allowed to whom, and who was checked when, is what a purchase is explained with.
CREATE TRIGGER eligibility_rules_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON eligibility_eligibilityrule
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER suitability_checks_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON eligibility_suitabilitycheck
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

CREATE TRIGGER changes_are_recorded AFTER INSERT ON eligibility_eligibilityrule
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
