"""Reads of what people sent, asked for and share."""

from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum

from holdings.transfers.models import (
    PaymentLink,
    Request,
    RequestParty,
    SplitBill,
    Transfer,
    TransferParty,
    TransferState,
)
from krak.core.errors import DomainError, Kind

_BREAKS: Final = """
SELECT currency
  FROM (SELECT currency, sum(units) AS units FROM transfers_transfer
         WHERE state = 'PENDING' GROUP BY currency) waiting
  FULL JOIN ledger_house_balances('IN_TRANSIT') transit USING (currency)
 WHERE coalesce(waiting.units, 0) <> coalesce(transit.balance, 0)
 ORDER BY currency
"""
RETURNED = (TransferState.CANCELED, TransferState.EXPIRED)


class TransferNotFound(DomainError):
    """No such transfer, or not one of the customer's."""

    code = "transfers.not_found"
    title = "There is no such transfer."
    kind = Kind.NOT_FOUND


class RequestNotFound(DomainError):
    """No such request, or not one of the customer's."""

    code = "transfers.request_not_found"
    title = "There is no such request."
    kind = Kind.NOT_FOUND


class LinkNotFound(DomainError):
    """No such link, or not one of the customer's, or no such token."""

    code = "transfers.link_not_found"
    title = "There is no such payment link."
    kind = Kind.NOT_FOUND


class SplitNotFound(DomainError):
    """No such bill, or not one that the customer made."""

    code = "transfers.split_not_found"
    title = "There is no such split bill."
    kind = Kind.NOT_FOUND


def transfers(*, customer_id: UUID) -> QuerySet[TransferParty]:
    """Return what a customer sent and what others sent them, with both people."""
    return TransferParty.objects.filter(customer_id=customer_id).prefetch_related(
        "transfer__customer", "transfer__recipient"
    )


def transfer_of(*, transfer_id: UUID, customer_id: UUID) -> Transfer:
    """Return a transfer that the customer sent or was sent.

    Raises:
        TransferNotFound: there is none, or it is between others.
    """
    found = transfers(customer_id=customer_id).filter(transfer_id=transfer_id).first()
    if found is None:
        raise TransferNotFound
    return found.transfer


def requests(*, customer_id: UUID) -> QuerySet[RequestParty]:
    """Return what a customer asked of others and others of them, with both people."""
    return RequestParty.objects.filter(customer_id=customer_id).prefetch_related(
        "request__customer", "request__payer"
    )


def request_of(*, request_id: UUID, customer_id: UUID) -> Request:
    """Return a request that the customer made or was sent.

    Raises:
        RequestNotFound: there is none, or it is between others.
    """
    found = requests(customer_id=customer_id).filter(request_id=request_id).first()
    if found is None:
        raise RequestNotFound
    return found.request


def links(*, customer_id: UUID) -> QuerySet[PaymentLink]:
    """Return the links that a customer made."""
    return _links().filter(customer_id=customer_id)


def _links() -> QuerySet[PaymentLink]:
    # People are asked for by themselves: the two are of two customers, whom no join may name.
    return PaymentLink.objects.select_related("transfer").prefetch_related(
        "transfer__customer", "transfer__recipient"
    )


def link_of(*, link_id: UUID, customer_id: UUID) -> PaymentLink:
    """Return a link that the customer made.

    Raises:
        LinkNotFound: there is none, or it is another customer's.
    """
    found = links(customer_id=customer_id).filter(id=link_id).first()
    if found is None:
        raise LinkNotFound
    return found


def link_by_token(token: str) -> PaymentLink:
    """Return the link that a token opens.

    Raises:
        LinkNotFound: none.
    """
    found = _links().filter(digest=sha256(token.encode()).digest()).first()
    if found is None:
        raise LinkNotFound
    return found


def splits(*, customer_id: UUID) -> QuerySet[SplitBill]:
    """Return the bills that a customer split, with every share and what became of it."""
    return SplitBill.objects.filter(customer_id=customer_id).prefetch_related("shares__request")


def split_of(*, split_id: UUID, customer_id: UUID) -> SplitBill:
    """Return a bill that the customer split.

    Raises:
        SplitNotFound: there is none, or it is another customer's.
    """
    found = splits(customer_id=customer_id).filter(id=split_id).first()
    if found is None:
        raise SplitNotFound
    return found


def sent_usd(*, customer_id: UUID, since: datetime) -> Decimal:
    """Return what a customer has sent since a moment and did not get back, in USD."""
    sent: Decimal = (
        Transfer.objects.filter(customer_id=customer_id, created_at__gte=since)
        .exclude(state__in=RETURNED)
        .aggregate(total=Sum("usd_value", default=Decimal(0)))["total"]
    )
    return sent


def has_paid(*, customer_id: UUID, recipient_id: UUID) -> bool:
    """Tell whether one customer has ever paid another."""
    return Transfer.objects.filter(
        customer_id=customer_id, recipient_id=recipient_id, state=TransferState.COMPLETED
    ).exists()


def breaks() -> list[str]:
    """Return the currencies of which not exactly what waits stands in transit. One snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_BREAKS)
        return [currency for (currency,) in cursor.fetchall()]
