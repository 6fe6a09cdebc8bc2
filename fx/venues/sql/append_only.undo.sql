DROP TRIGGER widenings_are_only_ended ON venues_widening;
DROP TRIGGER widenings_are_history ON venues_widening;
DROP TRIGGER halts_are_only_ended ON venues_halt;
DROP TRIGGER halts_are_history ON venues_halt;
DROP FUNCTION venues_refuse_rewriting();
DROP FUNCTION venues_refuse_change();
