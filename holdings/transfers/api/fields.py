"""What clients send and see of money between people."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request as HttpRequest

from fx.prices import live
from fx.quotes.rules import QUOTE_PREFIX
from fx.quotes.shapes import UnitsField
from holdings.ledger.queries import shown
from holdings.transfers.models import Transfer
from holdings.transfers.rules import LONGEST_NOTE, readable_note
from holdings.transfers.services.permission import Sum, needs_proof
from krak.api.parsing import StrictSerializer
from krak.core import clock
from krak.core.ids import MalformedId, read
from krak.core.money import plain
from krak.customers.models import Customer
from krak.customers.rules import canonical_tag
from krak.identity.guard import requires_step_up

LONGEST_TAG: Final = 100
AMOUNT: Final = {"amount": "25.00", "currency": "EUR"}
ADA: Final = {"tag": "ada", "name": "Ada Lovelace"}


@extend_schema_field({"type": "string", "maxLength": LONGEST_TAG, "examples": ["ada"]})
class TagField(serializers.CharField):
    """A kraktag, with or without `$`, in any case; look-alike letters are no tag."""

    default_error_messages = {  # noqa: RUF012 - as the base class has it
        "tag": "A tag is 3 to 20 of the letters a to z, digits and _, and begins with a letter."
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_TAG, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the one form of the tag, or fail with a field error."""
        tag = canonical_tag(super().to_internal_value(data).removeprefix("$"))
        if tag is None:
            self.fail("tag")
        return tag


@extend_schema_field({"type": "string", "maxLength": LONGEST_NOTE, "examples": ["Dinner 🍜"]})
class NoteField(serializers.CharField):
    """A line of plain text that the other one reads."""

    default_error_messages = {  # noqa: RUF012 - as the base class has it
        "note": f"A note is one line of at most {LONGEST_NOTE} visible characters."
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False, default="", allow_blank=True, trim_whitespace=False, **options
        )

    def to_internal_value(self, data: Any) -> str:
        """Return the note in its one form, or fail with a field error."""
        note = readable_note(super().to_internal_value(data))
        if note is None:
            self.fail("note")
        return note


class AskedAmountSerializer(StrictSerializer):
    """How much of what, in shown units."""

    amount = UnitsField(zero=False)
    currency = serializers.CharField(max_length=16)


@extend_schema_field(OpenApiTypes.STR)
class QuoteIdField(serializers.Field[UUID, Any, str, Any]):
    """The id of a quote, from the answer to POST …/quote."""

    default_error_messages = {  # noqa: RUF012 - as the base class has it
        "quote": "That is no id of a quote."
    }

    def to_internal_value(self, data: Any) -> UUID:
        """Return the UUID, or fail with a field error."""
        try:
            return read(QUOTE_PREFIX, data if isinstance(data, str) else "")
        except MalformedId:
            self.fail("quote")

    def to_representation(self, value: UUID) -> str:
        """Write nothing: the field is only read from clients."""
        raise NotImplementedError


class PersonSerializer(serializers.Serializer[Any]):
    """Somebody else, as far as they are shown."""

    tag = serializers.CharField(allow_null=True, help_text="as it was then; null without one")
    name = serializers.CharField()


def person(customer: Customer | None, tag: str) -> dict[str, Any] | None:
    """Return how the other one is shown; None while there is nobody."""
    return None if customer is None else {"tag": tag or None, "name": customer.name}


def moment(customer: Customer) -> dict[str, Any]:
    """Return who looks, by which board, and when."""
    return {"customer": customer, "board": live.current(), "now": clock.now()}


def require_proof(
    request: HttpRequest, sender: Customer, recipient: Customer | None, what: Sum, *, payee: str
) -> None:
    """Ask for a step-up before much is sent to somebody who was never paid before.

    Raises:
        StepUpRequired: there is no proof for exactly this.
    """
    if needs_proof(sender, recipient, what):
        amount = shown(what.units, code=what.currency, board=live.current(), now=clock.now())
        requires_step_up(
            request,
            action="transfers.send",
            subject={"to": payee, "amount": plain(amount.amount), "currency": what.currency},
        )


def is_out(transfer: Transfer, customer: Customer) -> bool:
    """Tell whether the customer is the one who sent it."""
    return transfer.customer_id == customer.id
