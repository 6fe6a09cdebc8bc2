"""Whether a party may ask the issuer for something; asked again when two people have agreed."""

from datetime import datetime

from fx.assets import directory
from fx.prices.rules import Board
from fx.quotes import queries as quotes
from fx.quotes.queries import Pair
from holdings.funding import queries as funding
from holdings.primary.models import Party
from holdings.primary.rules import CASH, Side
from krak.core.errors import DomainError, Kind
from krak.customers.models import Act, Customer
from krak.customers.queries import permitted


class NotAShare(DomainError):
    """Only tokenized shares have an issuer."""

    code = "primary.not_a_share"
    title = "Only tokenized shares are subscribed and redeemed."
    kind = Kind.REFUSED


def require_possible(
    *, customer: Customer, party: Party, side: Side, asset: str, board: Board, now: datetime
) -> Pair:
    """Return both sides of a request as the board has them, if it may be made at all.

    Subscribing is as buying: what staff, a halt, a delisting or the customer's country forbid is
    refused. Redeeming is as selling, which is open to everybody who holds something. The limits
    of a level do not count here: two people look at each request.

    Raises:
        UnknownAsset, NotAShare: there is no such share.
        NotOnRail: it does not travel on the party's network; `facts.rails` say where it does.
        NoPriceNow: the board lacks it.
        What `krak.customers.queries.permitted` and `fx.quotes.queries.require_allowed` raise.
    """
    permitted(customer, Act.TRADE, now=now)
    if not directory.named(asset).properties.has_multiplier:
        raise NotAShare(asset=asset)
    funding.require_on_rail(asset, party.network)
    sell, buy = (CASH, asset) if side is Side.SUBSCRIPTION else (asset, CASH)
    pair = quotes.pair_of(sell, buy, board=board)
    quotes.require_allowed(pair=pair, customer=customer, now=now)
    return pair
