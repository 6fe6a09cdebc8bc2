"""What a conversion looks like to clients, quoted or done."""

from typing import Any

from rest_framework import serializers

from fx.quotes.queries import Rounding, ShownLeg
from krak.api.shapes import AmountSerializer, DecimalText


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
