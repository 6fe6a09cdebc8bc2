"""What the sandbox's doors have in common: open to everybody, for nothing here is real."""

from decimal import Decimal
from typing import Any

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from krak.api.parsing import StrictSerializer
from krak.core.errors import DomainError, Kind
from krak.core.ids import MalformedId, read
from krak.core.money import is_exact, places_of
from krak.customers.models import Customer
from krak.customers.queries import CustomerNotFound, customer


class AmountTooFine(DomainError):
    """An amount has more decimals than its currency."""

    code = "sandbox.amount_too_fine"
    title = "The amount has more decimals than its currency."
    kind = Kind.INVALID


class SandboxView(APIView):
    """A view without sign-in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def customer(self, shown_id: str) -> Customer:
        """Return the customer of the path, or answer 404."""
        try:
            return customer(read(Customer.PREFIX, shown_id))
        except MalformedId:
            raise CustomerNotFound(customer=shown_id) from None

    def read(self, serializer: type[StrictSerializer], request: Request) -> Any:
        """Return the checked body."""
        taken = serializer(data=request.data)
        taken.is_valid(raise_exception=True)
        return taken.validated_data


def named(table: Any, shown_id: str, refusal: type[DomainError]) -> Any:
    """Return the row of a path, whoever's it is, or answer with the refusal."""
    try:
        found = table.objects.filter(id=read(table.PREFIX, shown_id)).first()
    except MalformedId:
        found = None
    if found is None:
        raise refusal
    return found


def require_places(amount: Decimal, code: str) -> None:
    """Refuse an amount that is finer than its currency."""
    if not is_exact(amount, places_of(code)):
        raise AmountTooFine(f"{amount} {code}", currency=code)
