-- A verification only goes forward, and what was decided stays decided.
CREATE FUNCTION customers_verification_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.customer_id <> OLD.customer_id OR NEW.level <> OLD.level THEN
        RAISE EXCEPTION 'a verification is of one customer and one level'
              USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('STARTED', 'SUBMITTED'), ('SUBMITTED', 'IN_REVIEW'), ('SUBMITTED', 'APPROVED'),
        ('SUBMITTED', 'REJECTED'), ('IN_REVIEW', 'APPROVED'), ('IN_REVIEW', 'REJECTED'),
        ('APPROVED', 'EXPIRED')
    ) THEN
        RAISE EXCEPTION 'a verification does not go from % to %', OLD.state, NEW.state
              USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER a_verification_goes_forward BEFORE UPDATE ON customers_verification
    FOR EACH ROW EXECUTE FUNCTION customers_verification_goes_forward();

-- What was agreed to, and by which rules it was decided, is not changed afterwards.
CREATE TRIGGER terms_are_append_only BEFORE UPDATE OR DELETE ON customers_terms
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER acceptances_are_append_only BEFORE UPDATE OR DELETE ON customers_termsacceptance
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER acceptances_are_not_emptied BEFORE TRUNCATE ON customers_termsacceptance
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER kyc_rules_are_append_only BEFORE UPDATE OR DELETE ON customers_kycrule
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER verifications_are_not_deleted BEFORE DELETE ON customers_verification
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
