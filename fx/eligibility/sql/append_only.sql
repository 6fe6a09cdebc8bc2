-- What was allowed to whom, and who was checked when, is what a purchase is explained with.
CREATE FUNCTION eligibility_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a change is a newer row', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER eligibility_rules_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON eligibility_eligibilityrule
    FOR EACH STATEMENT EXECUTE FUNCTION eligibility_refuse_change();
CREATE TRIGGER suitability_checks_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON eligibility_suitabilitycheck
    FOR EACH STATEMENT EXECUTE FUNCTION eligibility_refuse_change();

CREATE TRIGGER changes_are_recorded AFTER INSERT ON eligibility_eligibilityrule
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
