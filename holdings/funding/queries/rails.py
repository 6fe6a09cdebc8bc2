"""How assets travel, what identifies them there, and what a rail asks."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from django.conf import settings
from django.db.models import Q

from fx.assets import directory
from fx.assets.rules import AssetFacts
from fx.prices.rules import Board, NoPrice
from fx.quotes.queries import NoPriceNow
from holdings.funding.models import RailTerms
from holdings.funding.rules.networks import BANK, NATIVE, NETWORKS, Family, Network, networks_of
from krak.core.errors import DomainError, Kind
from krak.core.money import ceil_to, rate_to

USD_PLACES: Final = 2


class NotOnRail(DomainError):
    """The asset does not travel that way; `facts.rails` say how it does, if it does."""

    code = "funding.not_on_rail"
    title = "This asset cannot be moved this way."
    kind = Kind.REFUSED


def rails_of(asset: AssetFacts) -> tuple[str, ...]:
    """Return how an asset travels: money by bank, coins and tokenized shares by network.

    Shares only where it is known what they are known by.
    """
    if asset.properties.is_cash:
        return (BANK,) if asset.code in settings.BANK_CURRENCIES else ()
    if native := NATIVE.get(asset.code):
        return native
    networks = networks_of(directory.find(asset.code).chains)
    if asset.properties.has_multiplier:
        return tuple(each for each in networks if contract_of(asset.code, each))
    return networks


def contract_of(code: str, rail: str) -> str:
    """Return the mint or contract that a share is known by on a network; "" for all else."""
    network = NETWORKS.get(rail)
    match network.family if network else None:
        case Family.SOLANA:
            return directory.find(code).solana_mint
        case Family.EVM:
            return directory.find(code).evm_address
        case _:
            return ""


def code_of_contract(contract: str, network: Network) -> str | None:
    """Return which asset of ours a token on a network is, None for what only bears its name."""
    listed = directory.of_contract(contract.lower() if network.family is Family.EVM else contract)
    if listed is None or network.code not in rails_of(listed.facts):
        return None
    return listed.facts.code


def require_on_rail(code: str, rail: str) -> AssetFacts:
    """Return the asset of this code, which travels by this rail.

    Raises:
        UnknownAsset: there is none of exactly this code.
        NotOnRail: it travels otherwise or not at all; `facts.rails` say how.
    """
    asset = directory.named(code)
    rails = rails_of(asset)
    if rail not in rails:
        raise NotOnRail(asset=code, rail=rail, rails=list(rails))
    return asset


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rail asks of an asset now, in base units of the asset itself."""

    fee: Decimal
    minimum_withdrawal: Decimal
    minimum_deposit: Decimal


def terms_of(*, rail: str, code: str, places: int, board: Board, now: datetime) -> Terms:
    """Return what sending or receiving an asset by a rail asks, rounded up to its places.

    Raises:
        NoPriceNow: the terms are in another currency, and there is no price to convert by.
    """
    row = (
        RailTerms.objects.filter(Q(currency=code) | Q(currency=""), rail=rail)
        .filter(effective_at__lte=now)
        .order_by("-currency", "-effective_at")
        .first()
    )
    if row is None:
        raise LookupError(f"no terms of {rail} are in force")
    try:
        rate = board.mid_in(row.unit, code)
    except NoPrice as missing:
        raise NoPriceNow(asset=str(missing)) from None
    multiplier = board.multiplier(code, now)
    if multiplier != 1:
        rate = rate_to(rate, multiplier, rounding=ROUND_HALF_EVEN)
    return Terms(
        *(
            ceil_to(amount * rate, places)
            for amount in (row.fee, row.minimum_withdrawal, row.minimum_deposit)
        )
    )


def usd_value(units: Decimal, code: str, *, board: Board) -> Decimal:
    """Return what base units count for in limits: at the middle, rounded up to the cent.

    Raises:
        NoPriceNow: there is no price.
    """
    try:
        return ceil_to(units * board.base_mid_in(code, "USD"), USD_PLACES)
    except NoPrice as missing:
        raise NoPriceNow(asset=str(missing)) from None


def usd_or_nothing(units: Decimal, code: str, *, board: Board) -> Decimal:
    """Return what units that have come count for; without a price they count for nothing."""
    try:
        return usd_value(units, code, board=board)
    except NoPriceNow:
        return Decimal(0)
