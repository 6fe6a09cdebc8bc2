"""What all answers have in common: objects with an id, amounts with a currency."""

from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from moneyed import Money
from rest_framework import serializers

from krak.core.ids import show
from krak.core.money import amount_object, plain


class ConstantField(serializers.Field[str, Any, str, Any]):
    """The same text in every object, such as the kind of the object."""

    def __init__(self, value: str, **options: Any) -> None:
        self.value = value
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, value: Any) -> str:
        """Write the text."""
        return self.value


class ConstantFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """How a constant is described in the schema."""

    target_class = ConstantField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return the one value there is."""
        return {"type": "string", "const": cast("ConstantField", self.target).value}


class IdField(serializers.Field[UUID, Any, str, Any]):
    """An id as clients see it: `card_01h455vb4pex5vsknk084sn02q`."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(read_only=True, **options)

    def to_representation(self, value: UUID) -> str:
        """Write the id with its prefix."""
        return show(self.prefix, value)


class IdFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """How an id is described in the schema."""

    target_class = IdField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return what ids of this kind look like."""
        prefix = cast("IdField", self.target).prefix
        return {
            "type": "string",
            "pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$",
            "examples": [f"{prefix}_01m8kq3v5nf2tbx7d9r6h4s8jw"],
        }


@extend_schema_field(OpenApiTypes.BOOL)
class LivemodeField(serializers.Field[bool, Any, bool, Any]):
    """Whether this Krak moves real money."""

    def __init__(self, **options: Any) -> None:
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, value: Any) -> bool:
        """Write which one this is."""
        return bool(settings.STRIPE_LIVEMODE)


@extend_schema_field({"type": "string", "examples": ["0.0004"]})
class DecimalText(serializers.Field[Decimal, Any, str, Any]):
    """A decimal as plain text, without exponent or trailing zeros: "0.0004"."""

    def to_representation(self, value: Decimal) -> str:
        """Write the number."""
        return plain(value)


class StateField(serializers.ChoiceField):
    """A state, which clients read in lower case; more may be added."""

    def __init__(self, choices: type[Enum], **options: Any) -> None:
        super().__init__(choices=[str(each.value).lower() for each in choices], **options)

    def to_representation(self, value: str) -> str:
        """Write the state."""
        return value.lower()


class AmountSerializer(serializers.Serializer[Money]):
    """An amount of one currency: `{"amount": "12.50", "currency": "GBP"}`."""

    amount = serializers.CharField(read_only=True)
    currency = serializers.CharField(read_only=True)

    def to_representation(self, instance: Money) -> dict[str, str]:
        """Write money with its currency's decimals, coins and tokens without trailing zeros."""
        return amount_object(instance)
