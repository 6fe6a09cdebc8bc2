"""Who a customer is to Stripe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cards.issuing.models import Cardholder
from holdings.ledger import services as ledger
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.rows import save_row
from krak.core.transactions import takes_part
from krak.stripe import client as stripe


@dataclass(frozen=True, slots=True)
class Person:
    """The legal person that cards are issued to; `address` in Stripe's field names."""

    first_name: str
    last_name: str
    phone_number: str
    address: Mapping[str, str]
    terms_accepted_ip: str


@takes_part
def enrol(*, customer_id: UUID, person: Person, now: datetime) -> Cardholder:
    """Keep who a customer is and promise to tell Stripe; later calls correct it."""
    ledger.lock_books([customer_id])
    holder = Cardholder.objects.filter(customer_id=customer_id).first() or Cardholder(
        id=uuid7(), customer_id=customer_id
    )
    holder.first_name, holder.last_name = person.first_name, person.last_name
    holder.phone_number, holder.address = person.phone_number, dict(person.address)
    holder.terms_accepted_at, holder.terms_accepted_ip = now, person.terms_accepted_ip
    holder.revision += 1
    save_row(holder)
    if stripe.is_connected():
        outbox.promise("issuing.tell_cardholder", {"cardholder": str(holder.id)})
    return holder
