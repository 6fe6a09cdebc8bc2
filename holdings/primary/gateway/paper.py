"""The sandbox's issuer: fills at the middle of the board, and writes on paper what it was told.

While the board may not trade an asset its orders wait. An amount that ends in `.13` is refused,
so that refusals can be tried.
"""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final

from django.db.models import F

from fx.assets import queries as assets
from fx.prices import live
from fx.prices.rules import BASE
from holdings.primary.gateway.base import Answer, Order, Verdict
from holdings.primary.models import PaperOrder
from holdings.primary.rules import Fill, Side, cash_for, units_for
from krak.core.ids import uuid7
from krak.core.money import STORED_PLACES, nearest_to
from krak.core.transactions import transaction

REFUSED_ENDING: Final = Decimal("0.13")


class Paper:
    """An issuer that keeps its own record (`PaperOrder`) and forgets nothing."""

    name: ClassVar[str] = "paper"

    def submit(self, order: Order, *, now: datetime) -> Answer:
        """Write an order down and fill it if the board may trade; the same key changes nothing."""
        facts = {
            "side": order.side.value, "asset": order.asset, "network": order.network,
            "token": order.token, "wallet": order.wallet, "amount": order.amount,
        }  # fmt: skip
        with transaction():
            row, new = PaperOrder.objects.get_or_create(
                key=order.key, defaults={"id": uuid7(), **facts, "at": now}
            )
            if not new:
                PaperOrder.objects.filter(id=row.id).update(asked=F("asked") + 1)
        if any(getattr(row, name) != fact for name, fact in facts.items()):
            raise ValueError(f"{order.key} was another order")
        return self._answer(row, now=now)

    def find(self, key: str, *, now: datetime) -> Answer | None:
        """Return where an order stands; one that waited is filled if the board may trade now."""
        row = PaperOrder.objects.filter(key=key).first()
        return self._answer(row, now=now) if row else None

    def _answer(self, row: PaperOrder, *, now: datetime) -> Answer:
        reference = f"paper-{row.id.hex}"
        if row.amount % 1 == REFUSED_ENDING:
            return Answer(Verdict.REFUSED, reference, reason="The paper issuer was told to refuse.")
        if row.price is None:
            _fill(row, now=now)
        if row.units is None or row.cash is None or row.price is None:
            return Answer(Verdict.ACCEPTED, reference)
        return Answer(Verdict.FILLED, reference, Fill(row.units, row.cash, row.price))


def _fill(row: PaperOrder, *, now: datetime) -> None:
    """Fill an order at the middle and keep that, unless the board may not trade it now."""
    board, buying = live.current(), row.side == Side.SUBSCRIPTION
    trades = board.may_buy if buying else board.may_sell
    if not trades(row.asset, now):
        return
    base_price = board.base_mid_in(row.asset, BASE)
    row.price = nearest_to(board.mid_in(row.asset, BASE), STORED_PLACES)
    if buying:
        places = assets.facts(row.asset).decimals
        row.cash = row.amount
        row.units = units_for(row.amount, base_price=base_price, places=places)
    else:
        row.units = row.amount
        row.cash = cash_for(row.amount, base_price=base_price)
    with transaction():
        # Of two who look at once the first one's fill stays.
        PaperOrder.objects.filter(id=row.id, price=None).update(
            price=row.price, units=row.units, cash=row.cash
        )
    row.refresh_from_db(fields=["price", "units", "cash"])
