DROP TRIGGER a_delivery_ends_once ON notifications_delivery;
DROP FUNCTION notifications_deliver();
