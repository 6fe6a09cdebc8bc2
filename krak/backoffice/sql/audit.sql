-- What staff can change is written down, by whatever way it is changed. What customers and the
-- engine insert all day is not a change; what gives somebody rights always is.

CREATE TRIGGER changes_are_recorded AFTER UPDATE OR DELETE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER UPDATE OR DELETE ON customers_user
    FOR EACH ROW EXECUTE FUNCTION audit_record('id', 'password', 'last_login');
CREATE TRIGGER new_staff_is_recorded AFTER INSERT ON customers_user
    FOR EACH ROW WHEN (NEW.is_staff OR NEW.is_superuser)
    EXECUTE FUNCTION audit_record('id', 'password', 'last_login');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON customers_user_groups
    FOR EACH ROW EXECUTE FUNCTION audit_record('user_id');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON customers_user_user_permissions
    FOR EACH ROW EXECUTE FUNCTION audit_record('user_id');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON auth_group
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON auth_group_permissions
    FOR EACH ROW EXECUTE FUNCTION audit_record('group_id');
CREATE TRIGGER changes_are_recorded AFTER UPDATE OR DELETE ON cases_case
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER UPDATE OR DELETE ON assets_asset
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER INSERT ON assets_multiplier
    FOR EACH ROW EXECUTE FUNCTION audit_record('asset_id');
CREATE TRIGGER changes_are_recorded AFTER INSERT ON issuing_policy
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON treasury_floatrule
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER UPDATE OR DELETE ON issuing_spendingprofile
    FOR EACH ROW EXECUTE FUNCTION audit_record('customer_id');

-- Emptying a table runs no row's trigger. (Multipliers and policies refuse it already.)
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON customers_customer
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON customers_user
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON customers_user_groups
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON customers_user_user_permissions
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON auth_group
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON auth_group_permissions
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON cases_case
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON assets_asset
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON treasury_floatrule
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON issuing_spendingprofile
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- Orders about the market, its calendar and the house's limits. (Halts and widenings refuse TRUNCATE already.)

CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON venues_halt
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON venues_widening
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON venues_marketholiday
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON venues_tradingsession
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');
CREATE TRIGGER changes_are_recorded AFTER INSERT OR UPDATE OR DELETE ON hedging_risklimit
    FOR EACH ROW EXECUTE FUNCTION audit_record('id');

CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON venues_marketholiday
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON venues_tradingsession
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER history_is_kept BEFORE TRUNCATE ON hedging_risklimit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
