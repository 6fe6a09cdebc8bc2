"""Where a customer may send money: saved, checked, and cooling down at first."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from holdings.funding import queries
from holdings.funding.models import Destination
from holdings.funding.providers import require_rail
from holdings.funding.rules.networks import BANK
from holdings.funding.services.books import tell
from holdings.ledger import services as ledger
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.transactions import takes_part
from krak.customers.models import Customer

MOST: Final = 100


class TooManyDestinations(DomainError):
    """So many are enough for anybody."""

    code = "funding.too_many_destinations"
    title = "There can be 100 saved destinations at a time."
    kind = Kind.REFUSED


class DestinationSaved(DomainError):
    """The same account is saved already; `facts` name it."""

    code = "funding.destination_saved"
    title = "This destination is saved already."
    kind = Kind.CONFLICT


class OwnAccount(DomainError):
    """Money would come back by the way that it goes."""

    code = "funding.own_account"
    title = "This is an account of ours; send money to people by their tag."
    kind = Kind.REFUSED


@takes_part
def save(
    *,
    customer: Customer,
    rail: str,
    account: str,
    bic: str,
    memo: str,
    holder: str,
    label: str,
    now: datetime,
) -> Destination:
    """Save where to send money; `account` is an IBAN or address in its one form.

    Until its cool-down is over only little is sent there.

    Raises:
        RailUnavailable, OwnAccount, DestinationSaved, TooManyDestinations: as their titles say.
    """
    require_rail(rail)
    ledger.lock_books([customer.id])
    known = queries.destinations(customer_id=customer.id)
    if same := known.filter(rail=rail, account=account, memo=memo).first():
        raise DestinationSaved(destination=show(Destination.PREFIX, same.id))
    if known.count() >= MOST:
        raise TooManyDestinations
    if queries.is_ours(rail=rail, account=account, memo=memo):
        raise OwnAccount
    made = Destination.objects.create(
        id=uuid7(),
        customer=customer,
        rail=rail,
        account=account,
        bic=bic,
        memo=memo,
        holder=holder,
        label=label,
        created_at=now,
        usable_at=now + timedelta(seconds=settings.DESTINATION_COOL_DOWN_SECONDS),
    )
    tell(
        customer.id,
        "destination.added",
        destination=show(Destination.PREFIX, made.id),
        rail=rail,
        label=label,
        account=ending(account),
        usable_at=made.usable_at.isoformat(),
    )
    return made


@takes_part
def remove(*, destination_id: UUID, customer_id: UUID, now: datetime) -> None:
    """Send nothing there any more; what is on its way stays on its way.

    Raises:
        DestinationNotFound: there is none.
    """
    ledger.lock_books([customer_id])
    found = queries.destination_of(destination_id=destination_id, customer_id=customer_id)
    found.removed_at = now
    found.save(update_fields=["removed_at"])


def ending(account: str) -> str:
    """Return how an account is called where not all of it is shown."""
    return f"…{account[-4:]}"


def name_of(destination: Destination) -> str:
    """Return what a statement calls a destination."""
    return (
        destination.label
        or destination.holder
        or ("Bank account" if destination.rail == BANK else ending(destination.account))
    )
