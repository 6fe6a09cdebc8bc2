"""The sandbox's custodian: it holds what was brought to it, and of the house's own what lacks."""

from collections.abc import Iterable
from decimal import Decimal

from holdings.ledger import queries as ledger
from holdings.reserves.custodians.base import Stated


class PaperCustodian:
    """What came in less what went out, as the books say, and never less than is owed.

    Customers trade against the house's inventory, which is hedged only beyond a band; on paper
    the house has put as much of its own beside it.
    """

    name = "paper"

    def holdings(self) -> Iterable[Stated]:
        """Return what it would hold."""
        brought = {each.currency: -each.balance for each in ledger.house_balances(house="CUSTODY")}
        needed = ledger.owed()
        for account in ledger.house_balances(house="IN_TRANSIT"):
            needed[account.currency] = needed.get(account.currency, Decimal(0)) + account.balance
        for code in sorted(brought.keys() | needed.keys()):
            units = max(brought.get(code, Decimal(0)), needed.get(code, Decimal(0)))
            yield Stated(code, max(units, Decimal(0)))
