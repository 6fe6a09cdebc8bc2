"""What becomes of orders and holdings when an asset is delisted."""

import logging
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from fx.assets import queries as assets
from fx.assets import services as listing
from fx.prices.rules import BASE, Board
from fx.quotes import queries as pricing
from fx.quotes import services as quotes
from fx.quotes.rules import Source
from holdings.ledger import queries as books
from holdings.ledger import services as ledger
from holdings.trading import queries
from holdings.trading.models import Trade
from holdings.trading.services import orders, recurring
from holdings.trading.services.conversions import settle
from holdings.trading.services.passes import each_alone
from krak.cases.services import open_case
from krak.core.errors import DomainError
from krak.core.money import amount_object, money, plain
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.customers.queries import customer as customer_of
from krak.notifications import services as notifications

if TYPE_CHECKING:
    from fx.assets.models import Delisting

logger = logging.getLogger(__name__)

TOLD_AT_ONCE: Final = 500
"""Customers who are told in one transaction."""
CONVERTED_AT_ONCE: Final = 10_000
"""Customers whose holdings become cash in one pass."""
LEAST_USD: Final = Decimal("0.01")
"""What is worth less is left: it would become nothing."""
_ANY: Final = Decimal("1E-10")


@takes_part
def tell_of(topic: str, *, delisting_id: UUID, after: UUID | None, now: datetime) -> None:
    """Tell some hundred of those whom a topic concerns, and promise to tell the next ones.

    They hold the asset, or were going to get it; what would have got it is canceled.
    """
    delisting = assets.delisting(delisting_id)
    code = delisting.asset.code
    holding = books.holders(code, least=_ANY, most=TOLD_AT_ONCE, after=after)
    buying = set(queries.would_buy(code, most=TOLD_AT_ONCE, after=after))
    concerned = sorted(buying.union(holding))[:TOLD_AT_ONCE]
    if not concerned:
        return
    # Whoever was told late of what was called off since is told what holds now.
    if topic == listing.CALLED_OFF:
        notifications.promise_all(concerned, "asset.stays", {"asset": code})
    elif delisting.called_off_at is None and topic == listing.NEAR:
        notifications.promise_all(concerned, "asset.delisting_near", _facts(delisting))
    elif delisting.called_off_at is None:
        _end_what_buys(code, customer_ids=buying & set(concerned), now=now)
        notifications.promise_all(concerned, "asset.delisting", _facts(delisting))
    outbox.promise(topic, {"delisting": str(delisting_id), "after": str(concerned[-1])})


def convert_what_is_left(*, board: Board, now: datetime) -> int:
    """Price what is due, then turn into cash what is left of all that was delisted.

    Each customer's in a transaction of its own; what comes back later, from a transfer that
    nobody took, is converted by a later pass. Returns how many customers' were converted.
    """
    for due in assets.delistings_due(now=now):
        _price(due, board=board, now=now)
    return each_alone(
        _left(),
        lambda left: convert_holding(customer_id=left[1], delisting=left[0], board=board, now=now),
    )


@transaction
def convert_holding(
    *, customer_id: UUID, delisting: "Delisting", board: Board, now: datetime
) -> Trade | None:
    """Turn what a customer has left into cash at the last price; None when that is nothing yet.

    Frozen or not, moved or not: it is nobody's wish, and the cash is as safe.
    """
    code = delisting.asset.code
    ledger.lock_books([customer_id])
    customer = customer_of(customer_id)
    orders.end_those_with(
        code, pricing.Delisting(asset=code), customer_id=customer_id, buying_only=False, now=now
    )
    account = ledger.account_of(customer_id=customer_id, currency=code)
    try:
        priced = pricing.price_of_delisted(
            delisting, units=account.posted - account.held, customer=customer, board=board, now=now
        )
    except DomainError as wait:
        logger.warning("%s of %s waits: %s", code, customer_id, wait)
        return None
    if priced is None:
        return None
    trade = settle(
        quotes.keep(priced, customer=customer, source=Source.DELISTING, accepted_at=now, now=now),
        now=now,
    )
    made = priced.conversion
    multiplier = priced.pair.sold.price.multiplier
    notifications.promise(
        customer_id,
        "asset.converted",
        {
            "asset": code,
            "quantity": plain(made.sell * multiplier),
            **books.beside(multiplier, code=code),
            "amount": amount_object(money(made.buy, customer.home_currency)),
        },
    )
    return trade


@takes_part
def _end_what_buys(code: str, *, customer_ids: Collection[UUID], now: datetime) -> None:
    refusal = pricing.Delisting(asset=code)
    ledger.lock_books(customer_ids)
    for customer_id in sorted(customer_ids):
        orders.end_those_with(code, refusal, customer_id=customer_id, buying_only=True, now=now)
        recurring.end_those_that_buy(code, refusal, customer_id=customer_id, now=now)


@transaction
def _price(delisting: "Delisting", *, board: Board, now: datetime) -> None:
    """Set the middle of the last price on the board: nobody earns a spread on what nobody asked."""
    code = delisting.asset.code
    price = board.price(code)
    if price is None:
        open_case(
            kind="DELISTING_WITHOUT_PRICE", subject=code, customer_id=None, now=now,
            about=delisting.asset, converts_at=delisting.converts_at.isoformat(),
        )  # fmt: skip
        return
    listing.price_delisting(
        delisting_id=delisting.pk, price_usd=board.mid_in(code, BASE), as_of=price.as_of, now=now
    )


def _left() -> "Iterator[tuple[Delisting, UUID]]":
    for delisting in assets.delistings_priced():
        code = delisting.asset.code
        worth = pricing.usd_of_delisted(delisting)
        for customer_id in books.holders(code, least=LEAST_USD / worth, most=CONVERTED_AT_ONCE):
            yield delisting, customer_id


def _facts(delisting: "Delisting") -> dict[str, Any]:
    moment = delisting.converts_at.astimezone(UTC)
    return {
        "asset": delisting.asset.code,
        "delists_at": moment.isoformat(),
        "until": f"{moment.day} {moment:%B %Y, %H:%M} UTC",
    }
