CREATE TRIGGER a_change_of_a_card_moves_the_book
    AFTER INSERT OR UPDATE ON issuing_card
    FOR EACH ROW EXECUTE FUNCTION ledger_move_book('customer_id');
CREATE TRIGGER a_change_of_spending_moves_the_book
    AFTER INSERT OR UPDATE ON issuing_spendingprofile
    FOR EACH ROW EXECUTE FUNCTION ledger_move_book('customer_id');
CREATE TRIGGER a_policy_of_ones_own_moves_the_book
    AFTER INSERT ON issuing_policy
    FOR EACH ROW WHEN (NEW.customer_id IS NOT NULL)
    EXECUTE FUNCTION ledger_move_book('customer_id');
CREATE TRIGGER decisions_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON authorizations_decision
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER policies_are_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON issuing_policy
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
