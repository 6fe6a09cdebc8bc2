"""Two assets as they stand on one board, and the units of what a customer names."""

from dataclasses import dataclass
from decimal import Decimal

from fx.assets import queries as assets
from fx.prices.rules import Board, NoPrice, Price
from fx.quotes.rules import Side, base_units
from krak.core.errors import DomainError, Kind
from krak.core.money import is_exact


class SameAsset(DomainError):
    """Nothing is converted into itself."""

    code = "quotes.same_asset"
    title = "An asset cannot be converted into itself."


class AmountTooFine(DomainError):
    """The amount has more decimals than its asset is kept with."""

    code = "quotes.amount_too_fine"
    title = "The amount has more decimals than its asset."


class NoPriceNow(DomainError):
    """The board has no price of an asset."""

    code = "quotes.no_price"
    title = "This asset has no price right now."
    kind = Kind.REFUSED
    retryable = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What is sold for what, as both stand on one board."""

    sold: Side
    bought: Side
    board: Board


def pair_of(sell: str, buy: str, *, board: Board) -> Pair:
    """Return both sides as the board has them, whether or not they may be traded.

    Raises:
        UnknownAsset: there is no asset of exactly this code.
        SameAsset: both are the same.
        NoPriceNow: the board lacks one of them.
    """
    facts = [assets.facts(code) for code in (sell, buy)]
    if sell == buy:
        raise SameAsset(asset=sell)
    sold, bought = (side_of(each.code, board=board) for each in facts)
    return Pair(sold=sold, bought=bought, board=board)


def side_of(code: str, *, board: Board) -> Side:
    """Return an asset as it stands on the board.

    Raises:
        UnknownAsset: there is no asset of exactly this code.
        NoPriceNow: the board has no price of it.
    """
    facts = assets.facts(code)
    return Side(price=price_on(facts.code, board), places=facts.decimals)


def in_base_units(shown: Decimal, side: Side, *, up: bool) -> Decimal:
    """Return the base units of an amount that a customer named in shown units.

    An amount that is shown is taken as it is shown, with all the decimals of its multiplier, so
    that whoever sells all they see has nothing left.

    Raises:
        AmountTooFine: it has more decimals than the asset, and no base units are shown so.
    """
    units = base_units(shown, side, up=up)
    if not is_exact(shown, side.places) and units * side.price.multiplier != shown:
        raise AmountTooFine(asset=side.price.code, decimals=side.places)
    return units


def price_on(code: str, board: Board) -> Price:
    """Return the price of an asset.

    Raises:
        NoPriceNow: the board has none.
    """
    found = board.price(code)
    if found is None:
        raise NoPriceNow(asset=code)
    return found


def rate_from_usd(currency: str, *, board: Board) -> Decimal:
    """Return what a dollar is in the currency of a limit.

    Raises:
        NoPriceNow: there is no price.
    """
    try:
        return board.mid_in("USD", currency)
    except NoPrice as missing:
        raise NoPriceNow(asset=str(missing)) from None
