DROP TRIGGER policies_are_append_only ON issuing_policy;
DROP TRIGGER decisions_are_append_only ON authorizations_decision;
DROP TRIGGER a_policy_of_ones_own_moves_the_book ON issuing_policy;
DROP TRIGGER a_change_of_spending_moves_the_book ON issuing_spendingprofile;
DROP TRIGGER a_change_of_a_card_moves_the_book ON issuing_card;
DROP FUNCTION authorizations_settle(uuid, bigint, timestamptz, jsonb);
