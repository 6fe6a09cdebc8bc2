"""What a conversion looks like to clients, quoted or done."""

import re
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from fx.quotes.queries import Rounding, ShownLeg
from krak.api.parsing import AmountField
from krak.api.shapes import AmountSerializer, DecimalText

UNITS: Final = re.compile(r"\d{1,18}(\.\d{1,28})?", re.ASCII)
"""Base units have 10 decimals and multipliers 18, so shown units have 28 at most."""


@extend_schema_field({"type": "string", "pattern": f"^{UNITS.pattern}$", "examples": ["12.99"]})
class UnitsField(AmountField):
    """How much of an asset, in shown units: an amount as it is written, or as it was shown."""

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the units, or fail with a field error."""
        if not isinstance(data, str) or not UNITS.fullmatch(data):
            # It says what is wrong with all the others, too.
            return super().to_internal_value(data)
        units = Decimal(data)
        if units == 0 and not self.zero:
            self.fail("zero")
        return units


class LegSerializer(serializers.Serializer[ShownLeg]):
    """One side of a conversion, as it stood on the price board."""

    asset = serializers.CharField()
    price_usd = DecimalText(help_text="of one shown unit: the bid of what is sold, else the ask")
    venue = serializers.CharField()
    market_open = serializers.BooleanField(help_text="false: only on-chain liquidity was left")
    price_as_of = serializers.DateTimeField()
    multiplier = DecimalText(help_text="shown units for one base unit")


class RoundingSerializer(serializers.Serializer[Rounding]):
    """Which way each amount was rounded: `exact`, `up` (what you pay), `down` (what you get)."""

    sell = serializers.CharField()
    buy = serializers.CharField()


class ConversionSerializer(serializers.Serializer[Any]):
    """The parts of a price. `sell = cost + spread + fee`, and `cost` is `buy` at `rate`."""

    sell = AmountSerializer(help_text="what is paid in all")
    buy = AmountSerializer(help_text="what is got")
    cost = AmountSerializer(help_text="what is got, at `rate`, rounded up")
    spread = AmountSerializer(help_text="our margin against the middle of the market")
    fee = AmountSerializer()
    rate = DecimalText(help_text="sold per bought at the middle of the market")
    price = DecimalText(help_text="sold per bought with spread and fee")
    rounding = RoundingSerializer()
    legs = LegSerializer(many=True, help_text="the side that is sold, the side that is bought")
