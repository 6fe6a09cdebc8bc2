DROP TRIGGER a_dispute_keeps_what_it_is_of ON disputes_dispute;
DROP FUNCTION disputes_kept();
DROP TRIGGER a_dispute_is_within_its_capture ON disputes_dispute;
DROP FUNCTION disputes_opened();
