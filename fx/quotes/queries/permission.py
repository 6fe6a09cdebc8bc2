"""Whether two assets may be exchanged at all, whatever it costs."""

from datetime import datetime

from fx.assets import queries as assets
from fx.eligibility import queries as eligibility
from fx.prices.rules import Board
from fx.quotes.queries.pairs import Pair
from fx.quotes.rules import Side
from fx.venues import queries as venues
from fx.venues.rules import halted_around
from krak.core.errors import DomainError, Kind
from krak.customers.models import Customer


class AccountFrozen(DomainError):
    """Compliance has frozen the account."""

    code = "quotes.account_frozen"
    title = "The account is frozen; please contact us."
    kind = Kind.REFUSED


class Halted(DomainError):
    """The issuer, a corporate action or staff stopped trading in an asset."""

    code = "quotes.halted"
    title = "Trading in this asset is halted."
    kind = Kind.REFUSED


class Delisting(DomainError):
    """The asset is being withdrawn: what is held can be sold, and no more be bought."""

    code = "quotes.delisting"
    title = "This asset is being delisted: it can only be sold."
    kind = Kind.REFUSED


class StalePrice(DomainError):
    """The price of an asset is too old to trade by."""

    code = "quotes.stale_price"
    title = "The price of this asset is too old to trade by."
    kind = Kind.REFUSED
    retryable = True


def require_allowed(*, pair: Pair, customer: Customer, now: datetime) -> None:
    """Refuse what staff, a halt, a delisting or the customer's country forbid, at any price.

    Raises:
        AccountFrozen: compliance has frozen the account.
        Halted, Delisting: see `require_not_halted`.
        StalePrice: the board is from before a change of the multiplier.
        NotEligible, SuitabilityNeeded: see `fx.eligibility.queries.require_eligible`.
    """
    if customer.frozen_at is not None:
        raise AccountFrozen
    sell, buy = pair.sold.price.code, pair.bought.price.code
    require_not_halted(sell, buy, board=pair.board, now=now)
    for side in (pair.sold, pair.bought):
        require_of_the_moment(side, board=pair.board, now=now)
    eligibility.require_eligible(customer=customer, asset=assets.facts(buy), now=now)


def require_not_halted(sell: str, buy: str, *, board: Board, now: datetime) -> None:
    """Refuse to sell or buy what may not be, as the board says or as staff said since.

    Raises:
        Halted: selling the one or buying the other is stopped, or it is no longer listed.
        Delisting: what is to be bought is being withdrawn.
    """
    known = assets.statuses((sell, buy))
    ordered = venues.measures(now).halted_at(now)
    for code, buying in ((sell, False), (buy, True)):
        status = known.get(code) or assets.facts(code).status
        if buying and status.tradable and not status.buyable:
            raise Delisting(asset=code)
        stopped = any(each.buying if buying else each.selling for each in ordered.get(code, ()))
        if stopped or not status.tradable or _halted_on(board, code, buying=buying, now=now):
            raise Halted(asset=code)


def require_of_the_moment(side: Side, *, board: Board, now: datetime) -> None:
    """Refuse a price from before a change of the multiplier: shown units mean something else now.

    Raises:
        StalePrice: the board has not learned of the change.
    """
    price = side.price
    if price.multiplier != board.multiplier(price.code, now):
        raise StalePrice(asset=price.code, as_of=price.as_of.isoformat())


def require_tradable(*, pair: Pair, now: datetime) -> None:
    """Refuse a pair whose prices are too old to trade by; that it is not halted is known.

    Raises:
        StalePrice: one of them is.
    """
    sold, bought = pair.sold.price, pair.bought.price
    for price, tradable in (
        (sold, pair.board.may_sell(sold.code, now)),
        (bought, pair.board.may_buy(bought.code, now)),
    ):
        if not tradable:
            raise StalePrice(asset=price.code, as_of=price.as_of.isoformat())


def _halted_on(board: Board, code: str, *, buying: bool, now: datetime) -> bool:
    price = board.price(code)
    if price is None:
        return False
    changes = (each.at for each in board.multipliers.get(code, ()))
    open_side = price.buyable if buying else price.sellable
    return price.halted or not open_side or halted_around(changes, now)
