DROP TRIGGER statements_are_append_only ON statements_statement;
DROP TRIGGER a_statement_follows_the_one_before ON statements_statement;
DROP FUNCTION statements_follow();
