DROP TRIGGER a_change_of_the_customer_moves_the_book ON customers_customer;
DROP FUNCTION ledger_move_book();
DROP FUNCTION ledger_post(jsonb);
DROP FUNCTION ledger_leg_text(int, uuid, text, text, text, numeric, boolean);
DROP FUNCTION ledger_entry_hash(bytea, uuid, uuid, bigint, text, text, timestamptz, timestamptz, jsonb, text);
