"""Split a bill: a request to each of the others, each with a life of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction as django_transaction

from fx.prices.rules import Board
from holdings.ledger import services as ledger
from holdings.transfers.models import Request, SplitBill, SplitShare
from holdings.transfers.services import requests
from holdings.transfers.services.permission import Sum
from krak.core.errors import DomainError
from krak.core.ids import uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer
from krak.customers.queries import customer_by_tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What somebody is asked for."""

    tag: str
    what: Sum


@takes_part
def split(
    *,
    owner: Customer,
    shares: Sequence[Share],
    own_units: Decimal,
    note: str,
    board: Board,
    now: datetime,
) -> SplitBill:
    """Ask each of the others for their share; one that cannot be asked does not stop the rest.

    The bill is the sum of `shares`, all in one currency and no tag twice, and the owner's own.

    Raises:
        What `requests.require_may_ask` raises: nobody could pay them.
    """
    currency = shares[0].what.currency
    ledger.lock_books([owner.id])
    requests.require_may_ask(owner, currency, now=now)
    bill = SplitBill.objects.create(
        id=uuid7(),
        customer=owner,
        currency=currency,
        units=sum((share.what.units for share in shares), own_units),
        own_units=own_units,
        people=len(shares) + (own_units > 0),
        note=note,
        created_at=now,
    )
    for position, share in enumerate(shares):
        request, failure = _asked(owner, share, note=note, board=board, now=now)
        SplitShare.objects.create(
            id=uuid7(),
            customer=owner,
            split=bill,
            position=position,
            tag=share.tag,
            units=share.what.units,
            request=request,
            failure=failure,
        )
    return bill


def _asked(
    owner: Customer, share: Share, *, note: str, board: Board, now: datetime
) -> tuple[Request | None, str]:
    try:
        with django_transaction.atomic():
            payer = customer_by_tag(share.tag)
            request = requests.ask(
                requester=owner, payer=payer, what=share.what, note=note, board=board, now=now
            )
    except DomainError as refusal:
        return None, refusal.code
    return request, ""
