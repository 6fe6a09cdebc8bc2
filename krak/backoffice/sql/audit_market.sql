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
