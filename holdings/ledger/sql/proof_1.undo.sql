DROP FUNCTION ledger_breaks(uuid);
