-- Decisions stay in their row: compressing what each was made from costs more than the room it saves.
ALTER TABLE authorizations_decision SET (toast_tuple_target = 8160);
