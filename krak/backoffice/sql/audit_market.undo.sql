DROP TRIGGER history_is_kept ON hedging_risklimit;
DROP TRIGGER history_is_kept ON venues_tradingsession;
DROP TRIGGER history_is_kept ON venues_marketholiday;
DROP TRIGGER changes_are_recorded ON hedging_risklimit;
DROP TRIGGER changes_are_recorded ON venues_tradingsession;
DROP TRIGGER changes_are_recorded ON venues_marketholiday;
DROP TRIGGER changes_are_recorded ON venues_widening;
DROP TRIGGER changes_are_recorded ON venues_halt;
