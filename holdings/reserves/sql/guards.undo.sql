DROP TRIGGER proofs_are_append_only ON reserves_proof;
DROP TRIGGER trees_are_append_only ON reserves_tree;
DROP TRIGGER statements_are_kept ON reserves_custodystatement;
DROP TRIGGER statements_stay ON reserves_custodystatement;
DROP FUNCTION reserves_guard_statement();
