DROP TRIGGER an_order_keeps_its_terms ON trading_order;
DROP FUNCTION trading_guard_order();
DROP TRIGGER orders_are_not_deleted ON trading_order;
DROP TRIGGER auto_convert_runs_are_append_only ON trading_autoconvertrun;
DROP TRIGGER recurring_runs_are_append_only ON trading_recurringrun;
DROP TRIGGER trades_are_append_only ON trading_trade;
