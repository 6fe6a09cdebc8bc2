"""How the customer wants to pay, be rewarded and read values."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.issuing import queries, services
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField
from krak.core import clock
from krak.core.transactions import transaction
from krak.customers import queries as customers
from krak.customers import services as customer_services
from krak.customers.api.me import known_currency
from krak.customers.authentication import asking
from krak.customers.models import Customer

MOST_ASSETS = 1000


class AssetField(serializers.CharField):
    """A listed asset's code, in its exact letters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=16, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the code, or fail with a field error."""
        return known_currency(super().to_internal_value(data))


class WantedPreferencesSerializer(StrictSerializer):
    """All of them; this replaces what was wanted before."""

    display_currency = AssetField()
    spend_order = serializers.ListField(
        child=AssetField(), allow_null=True, max_length=MOST_ASSETS,
        help_text="which assets pay first; null: the default order",
    )  # fmt: skip
    excluded = serializers.ListField(
        child=AssetField(), max_length=MOST_ASSETS, help_text="never sold for a purchase"
    )
    cashback_asset = AssetField(help_text="what rewards are paid in")

    def validate_spend_order(self, value: list[str] | None) -> list[str] | None:
        """Refuse an asset twice."""
        return value if value is None else _once(value)

    def validate_excluded(self, value: list[str]) -> list[str]:
        """Refuse an asset twice."""
        return _once(value)


def _once(codes: list[str]) -> list[str]:
    if len(set(codes)) < len(codes):
        raise serializers.ValidationError("Name each asset once.", code="repeated")
    return codes


class PreferencesSerializer(serializers.Serializer[Any]):
    """How a customer wants to pay, be rewarded and read values."""

    object = ConstantField("preferences")
    display_currency = serializers.CharField()
    spend_order = serializers.ListField(child=serializers.CharField(), allow_null=True)
    excluded = serializers.ListField(child=serializers.CharField())
    cashback_asset = serializers.CharField()


class Preferences(APIView):
    """/v1/preferences"""

    @extend_schema(operation_id="preferences", tags=["customer"], responses=PreferencesSerializer)
    def get(self, request: Request) -> Response:
        """Return how the customer wants to pay, be rewarded and read values."""
        return Response(_shown(asking(request)))

    @extend_schema(
        operation_id="set_preferences",
        tags=["customer"],
        request=WantedPreferencesSerializer,
        responses=PreferencesSerializer,
    )
    def put(self, request: Request) -> Response:
        """Replace them; the next purchase is paid so."""
        asked, customer = read_body(WantedPreferencesSerializer, request), asking(request)
        with transaction():
            services.set_spending(
                customer=customer,
                spend_order=asked["spend_order"],
                excluded=asked["excluded"],
                cashback_asset=asked["cashback_asset"],
                now=clock.now(),
            )
            customer_services.set_display_currency(
                customer_id=customer.id, currency=asked["display_currency"]
            )
            shown = _shown(customer)
        return Response(shown)


def _shown(customer: Customer) -> dict[str, Any]:
    spending = queries.spending_of(customer=customer)
    profile = customers.profile_of(customer_id=customer.id)
    shown: dict[str, Any] = PreferencesSerializer(
        {
            "display_currency": profile.display_currency or customer.home_currency,
            "spend_order": spending.spend_order,
            "excluded": spending.excluded,
            "cashback_asset": spending.cashback_asset,
        }
    ).data
    return shown
