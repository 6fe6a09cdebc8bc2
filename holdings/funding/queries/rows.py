"""Reads of rows: deposits, destinations, withdrawals, receipts."""

from uuid import UUID

from django.db.models import QuerySet

from holdings.funding.models import (
    Deposit,
    DepositAccount,
    DepositAddress,
    Destination,
    Receipt,
    ReceiptState,
    TopUp,
    Withdrawal,
)
from holdings.funding.rules.networks import BANK
from krak.core.errors import DomainError, Kind
from krak.core.ids import read


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
