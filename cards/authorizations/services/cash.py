"""Sell along the spend order for something that cannot be refused: a capture, an adoption."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cards.authorizations.rules.facts import Spending, haircuts_of, prices_of, sellables_of
from cards.issuing import queries as issuing
from fx.prices import live
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from holdings.ledger.rules import Entry
from holdings.lots import services as lots
from holdings.trading.rules.waterfall import legs_of_sale, waterfall
from krak.core.ids import uuid7
from krak.core.money import places_of, plain
from krak.core.transactions import takes_part


@takes_part
def raise_cash(
    *, customer_id: UUID, currency: str, shortfall: Decimal, cause: str, now: datetime
) -> Decimal:
    """Sell what is needed and possible to raise `shortfall`, and return the cash raised.

    The customer's book must be locked. `cause` names the event; each sale adds its asset to it.
    """
    if shortfall <= 0:
        return Decimal(0)
    balances = ledger_reads.balances(customer_id=customer_id)
    profile = issuing.spending_profile(customer_id=customer_id)
    policy = issuing.policy_in_force(customer_id=customer_id, currency=currency, at=now)
    board = live.current()
    prices = prices_of(balances, board=board, currency=currency, now=now)
    sales = waterfall(
        shortfall,
        sellables_of(
            {code: balance.available for code, balance in balances.items()},
            prices,
            spending=Spending(
                order=tuple(profile.spend_order) if profile.spend_order is not None else None,
                excluded=frozenset(profile.excluded),
            ),
            haircuts=haircuts_of(policy.haircuts),
            currency=currency,
        ),
        minimum_conversion=policy.minimum_conversion,
        cash_places=places_of(currency),
    )
    for sale in sales:
        entry = Entry(
            id=uuid7(),
            customer_id=customer_id,
            cause=f"{cause}:sale:{sale.code}",
            kind="SALE",
            event_at=now,
            created_at=now,
            legs=legs_of_sale(
                sale,
                asset_account=balances[sale.code].account_id,
                cash_account=balances[currency].account_id,
                cash=currency,
            ),
            details={
                "price": prices[sale.code].stored,
                "spread": plain(sale.spread),
                "board_version": str(board.version),
            },
        )
        ledger.post(entry)
        lots.sell(
            lots.Moved(customer_id, sale.code, sale.units, entry.id, now),
            proceeds=sale.proceeds,
            cash=currency,
        )
        lots.receive([lots.Moved(customer_id, currency, sale.proceeds, entry.id, now)])
    return sum((sale.proceeds for sale in sales), Decimal(0))
