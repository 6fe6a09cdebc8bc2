DROP FUNCTION hedging_breaks();
DROP TRIGGER an_order_keeps_what_it_asks_for ON hedging_hedgeorder;
DROP FUNCTION hedging_guard_order();
DROP TRIGGER orders_are_not_deleted ON hedging_hedgeorder;
DROP TRIGGER fills_are_append_only ON hedging_hedgefill;
DROP TRIGGER limits_are_append_only ON hedging_risklimit;
