"""Reads: deposits, destinations, withdrawals, and what a rail asks."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet, Sum

from fx.assets import directory
from fx.assets.rules import AssetFacts
from fx.prices.rules import Board, NoPrice
from fx.quotes.queries import NoPriceNow
from holdings.funding.models import (
    COUNTED,
    Deposit,
    DepositAccount,
    DepositAddress,
    Destination,
    RailTerms,
    Receipt,
    ReceiptState,
    TopUp,
    Withdrawal,
)
from holdings.funding.rules.networks import BANK, NATIVE, NETWORKS, Family, Network, networks_of
from krak.core.errors import DomainError, Kind
from krak.core.ids import read
from krak.core.money import ceil_to, rate_to

USD_PLACES: Final = 2


class DepositNotFound(DomainError):
    """No such deposit, or not one of the customer's."""

    code = "funding.deposit_not_found"
    title = "There is no such deposit."
    kind = Kind.NOT_FOUND


class TopUpNotFound(DomainError):
    """No such top-up, or not one of the customer's."""

    code = "funding.top_up_not_found"
    title = "There is no such top-up."
    kind = Kind.NOT_FOUND


class DestinationNotFound(DomainError):
    """No such destination, not one of the customer's, or removed."""

    code = "funding.destination_not_found"
    title = "There is no such destination."
    kind = Kind.NOT_FOUND


class WithdrawalNotFound(DomainError):
    """No such withdrawal, or not one of the customer's."""

    code = "funding.withdrawal_not_found"
    title = "There is no such withdrawal."
    kind = Kind.NOT_FOUND


class NotOnRail(DomainError):
    """The asset does not travel that way; `facts.rails` say how it does, if it does."""

    code = "funding.not_on_rail"
    title = "This asset cannot be moved this way."
    kind = Kind.REFUSED


def deposits(*, customer_id: UUID) -> QuerySet[Deposit]:
    """Return all money that came in or is on its way, however it comes."""
    return Deposit.objects.filter(customer_id=customer_id).select_related("receipt", "top_up")


def deposit_of(*, deposit_id: UUID, customer_id: UUID) -> Deposit:
    """Return one of the customer's deposits.

    Raises:
        DepositNotFound: there is none.
    """
    found = deposits(customer_id=customer_id).filter(id=deposit_id).first()
    if found is None:
        raise DepositNotFound
    return found


def top_ups(*, customer_id: UUID) -> QuerySet[TopUp]:
    """Return the customer's top-ups."""
    return TopUp.objects.filter(customer_id=customer_id).select_related("deposit")


def top_up_of(*, top_up_id: UUID, customer_id: UUID) -> TopUp:
    """Return one of the customer's top-ups.

    Raises:
        TopUpNotFound: there is none.
    """
    found = top_ups(customer_id=customer_id).filter(id=top_up_id).first()
    if found is None:
        raise TopUpNotFound
    return found


def accounts(*, customer_id: UUID) -> QuerySet[DepositAccount]:
    """Return the customer's IBANs."""
    return DepositAccount.objects.filter(customer_id=customer_id)


def addresses(*, customer_id: UUID) -> QuerySet[DepositAddress]:
    """Return the customer's addresses."""
    return DepositAddress.objects.filter(customer_id=customer_id)


def destinations(*, customer_id: UUID) -> QuerySet[Destination]:
    """Return where the customer may send money."""
    return Destination.objects.filter(customer_id=customer_id, removed_at=None)


def destination_of(*, destination_id: UUID, customer_id: UUID) -> Destination:
    """Return one of the customer's destinations.

    Raises:
        DestinationNotFound: there is none.
    """
    found = destinations(customer_id=customer_id).filter(id=destination_id).first()
    if found is None:
        raise DestinationNotFound
    return found


def is_ours(*, rail: str, account: str, memo: str) -> bool:
    """Tell whether an IBAN or address is one at which our customers receive."""
    if rail == BANK:
        return DepositAccount.objects.filter(iban=account).exists()
    return DepositAddress.objects.filter(network=rail, address=account, memo=memo).exists()


def withdrawals(*, customer_id: UUID) -> QuerySet[Withdrawal]:
    """Return the customer's withdrawals with where they go."""
    return Withdrawal.objects.filter(customer_id=customer_id).select_related("destination")


def withdrawal_of(*, withdrawal_id: UUID, customer_id: UUID) -> Withdrawal:
    """Return one of the customer's withdrawals.

    Raises:
        WithdrawalNotFound: there is none.
    """
    found = withdrawals(customer_id=customer_id).filter(id=withdrawal_id).first()
    if found is None:
        raise WithdrawalNotFound
    return found


def destination_of_withdrawal(shown_id: str) -> Destination:
    """Return where the withdrawal of this shown id goes."""
    return Destination.objects.get(withdrawal__id=read(Withdrawal.PREFIX, shown_id))


def receipt_named(shown_id: str) -> Receipt:
    """Return the receipt of this shown id."""
    return Receipt.objects.get(id=read(Receipt.PREFIX, shown_id))


def unmatched() -> QuerySet[Receipt]:
    """Return what came in for nobody whom we could find and was not sent back."""
    return Receipt.objects.filter(deposit=None, state=ReceiptState.FINAL)


# --- Rails ---------------------------------------------------------------------------------------


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


# --- What counts against limits ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moved:
    """What counts so far, in USD, of the UTC day and month of a moment."""

    day: Decimal
    month: Decimal


def withdrawn(*, customer_id: UUID, now: datetime) -> Moved:
    """Return what the customer has withdrawn or set out to. Final only under the book's lock."""
    return _moved(Withdrawal.objects.filter(customer_id=customer_id, state__in=COUNTED), now)


def deposited(*, customer_id: UUID, now: datetime) -> Moved:
    """Return what came in or may still come. Final only under the book's lock."""
    states = ("PENDING", "CREDITED")
    return _moved(Deposit.objects.filter(customer_id=customer_id, state__in=states), now)


def sent_while_new(*, destination: Destination) -> Decimal:
    """Return what was sent to a destination before it could be used in full, in USD."""
    return _sum(
        Withdrawal.objects.filter(
            customer_id=destination.customer_id,
            destination=destination,
            state__in=COUNTED,
            created_at__lt=destination.usable_at,
        )
    )


def _moved(rows: QuerySet[Deposit] | QuerySet[Withdrawal], now: datetime) -> Moved:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = rows.filter(created_at__gte=today.replace(day=1))
    return Moved(day=_sum(month.filter(created_at__gte=today)), month=_sum(month))


def _sum(rows: QuerySet[Deposit] | QuerySet[Withdrawal]) -> Decimal:
    total: Decimal = rows.aggregate(total=Sum("usd_value", default=Decimal(0)))["total"]
    return total
