DROP TRIGGER a_feed_counts_one_by_one ON notifications_feed;
DROP FUNCTION notifications_count();
DROP TRIGGER a_notice_is_not_changed ON notifications_notification;
DROP FUNCTION notifications_keep();
DROP TRIGGER a_notice_is_numbered ON notifications_notification;
DROP FUNCTION notifications_number();
