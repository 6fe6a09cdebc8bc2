"""What a conversion is called once it is done, and its postings."""

from decimal import Decimal
from typing import Final
from uuid import UUID

from holdings.ledger.rules import CREDIT, DEBIT, Leg

TRADE_PREFIX: Final = "trd"
"""What the ids of trades begin with."""


def legs_of_conversion(
    *,
    sell: str,
    sell_units: Decimal,
    sell_account: UUID,
    buy: str,
    buy_units: Decimal,
    buy_account: UUID,
    fee: Decimal,
    spread: Decimal,
) -> tuple[Leg, ...]:
    """Return the legs of one conversion through the house's inventory, in base units.

    The inventory takes what is bought at the middle of the market; fee and spread are earned in
    the asset that is sold, each as its own posting.
    """
    legs = [
        Leg(DEBIT, sell, sell_units, account=sell_account),
        Leg(CREDIT, sell, sell_units - fee - spread, house="INVENTORY"),
        Leg(CREDIT, sell, spread, house="SPREAD"),
        Leg(CREDIT, sell, fee, house="FEES"),
        Leg(DEBIT, buy, buy_units, house="INVENTORY"),
        Leg(CREDIT, buy, buy_units, account=buy_account),
    ]
    return tuple(leg for leg in legs if leg.amount)
