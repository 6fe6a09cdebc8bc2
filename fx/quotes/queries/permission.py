"""Whether two assets may be exchanged at all, whatever it costs."""

from datetime import datetime

from fx.assets import queries as assets
from fx.assets.rules import Status
from fx.eligibility import queries as eligibility
from fx.prices.rules import Board
from fx.quotes.queries.pairs import Pair
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
    """Refuse what staff, a delisting or the customer's country forbid, at any price.

    Raises:
        AccountFrozen, Halted, Delisting: it must not be traded, or not be bought.
        NotEligible, SuitabilityNeeded: see `fx.eligibility.queries.require_eligible`.
    """
    if customer.frozen_at is not None:
        raise AccountFrozen
    buy = pair.bought.price.code
    statuses = require_not_halted(pair.sold.price.code, buy, board=pair.board)
    if not statuses[buy].buyable:
        raise Delisting(asset=buy)
    eligibility.require_eligible(customer=customer, asset=assets.facts(buy), now=now)


def require_not_halted(*codes: str, board: Board) -> dict[str, Status]:
    """Refuse assets that nobody may trade, as the board says or as staff said since.

    Returns what staff say of each.

    Raises:
        Halted: one of them is halted, or no longer listed.
    """
    known = assets.statuses(codes)
    statuses = {code: known.get(code) or assets.facts(code).status for code in codes}
    for code, status in statuses.items():
        price = board.price(code)
        if not status.tradable or (price is not None and price.halted):
            raise Halted(asset=code)
    return statuses


def require_tradable(*, pair: Pair, now: datetime) -> None:
    """Refuse a pair that the market does not let be traded now.

    Raises:
        StalePrice: a price is too old to trade by.
    """
    for side in (pair.sold, pair.bought):
        code = side.price.code
        if not pair.board.may_trade(code, now):
            raise StalePrice(asset=code, as_of=side.price.as_of.isoformat())
