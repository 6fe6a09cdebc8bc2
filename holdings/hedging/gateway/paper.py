"""The sandbox's venue: fills at the board's bid and ask, as well or as badly as it is told to."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final

from fx.assets import catalogue
from fx.prices import live
from fx.prices.rules import BASE
from holdings.hedging.gateway.base import Fill, Refused, Report, Ticket
from holdings.hedging.models import PaperOrder
from holdings.hedging.rules.exposure import Instrument, Side
from krak.core.ids import uuid7
from krak.core.money import STORED_PLACES, ceil_to, floor_to, nearest_to
from krak.core.transactions import transaction

FEE: Final = Decimal("0.0026")
PLACES: Final = 8


class Paper:
    """A venue that keeps its own record (`PaperOrder`) and forgets nothing.

    Of every order it fills `fill_percent`, and it refuses about `reject_percent` of them, always
    the same ones: which depends on nothing but the order's id.
    """

    name: ClassVar[str] = "paper"

    def __init__(self, *, fill_percent: int = 100, reject_percent: int = 0) -> None:
        self._fill_percent = fill_percent
        self._reject_percent = reject_percent

    def place(self, ticket: Ticket, *, now: datetime, validate: bool = False) -> str:
        """Fill an order at once, and keep what was filled. The same id again changes nothing."""
        if ticket.deadline <= now:
            raise Refused("the deadline has passed", passing=True)
        draw = int.from_bytes(hashlib.sha256(ticket.client_id.encode()).digest()[:4]) % 100
        if draw < self._reject_percent:
            raise Refused("the paper venue was told to refuse")
        price = live.current().price(ticket.pair)
        if price is None:
            raise Refused(f"the board has no price of {ticket.pair}")
        buying = ticket.side is Side.BUY
        touch = ceil_to(price.ask, STORED_PLACES) if buying else floor_to(price.bid, STORED_PLACES)
        if validate:
            return ""
        limit = ticket.limit_price
        beyond = limit is not None and (touch > limit if buying else touch < limit)
        filled = floor_to(ticket.quantity * self._fill_percent / 100, PLACES)
        if beyond or touch <= 0:
            filled = Decimal(0)
        with transaction():
            order, _new = PaperOrder.objects.get_or_create(
                client_id=ticket.client_id,
                defaults={
                    "id": uuid7(), "pair": ticket.pair, "side": ticket.side,
                    "quantity": ticket.quantity, "filled": filled, "price": touch,
                    "fee": nearest_to(filled * touch * FEE, STORED_PLACES), "at": now,
                },
            )  # fmt: skip
        return f"P-{order.id}"

    def find(self, ticket: Ticket) -> Report | None:
        """Return what was filled of an order."""
        order = PaperOrder.objects.filter(client_id=ticket.client_id).first()
        if order is None:
            return None
        fill = Fill(
            id=f"P-{order.id}",
            quantity=order.filled,
            price=order.price,
            cost=nearest_to(order.filled * order.price, STORED_PLACES),
            fee=order.fee,
            at=order.at,
        )
        return Report(
            order_id=f"P-{order.id}",
            open=False,
            filled=order.filled,
            fills=(fill,) if order.filled else (),
        )

    def cancel(self, ticket: Ticket) -> None:
        """Do nothing: what was placed has ended."""

    def instruments(self) -> Iterable[tuple[str, Instrument]]:
        """Trade everything in the catalogue, by its code, in pieces of eight decimals."""
        for code, asset in catalogue.known().items():
            if code != BASE:
                yield (
                    code,
                    Instrument(
                        pair=code,
                        quantity_places=min(PLACES, STORED_PLACES),
                        tick=Decimal(1).scaleb(-STORED_PLACES),
                        minimum_quantity=Decimal(0),
                        minimum_cost=Decimal(0),
                        tokenized=asset.properties.has_multiplier,
                    ),
                )
