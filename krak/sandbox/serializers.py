"""What the sandbox takes; the contract is fixed to the letter."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from krak.api.parsing import AmountField, StrictSerializer
from krak.core.money import UnknownCurrency, currency


class CodeField(serializers.CharField):
    """A listed asset's code, in its exact letters."""

    def to_internal_value(self, data: Any) -> str:
        """Return the code, or fail with a field error."""
        code = super().to_internal_value(data)
        try:
            currency(code)
        except UnknownCurrency:
            raise serializers.ValidationError(
                "No listed asset has this code.", code="unknown_asset"
            ) from None
        return code


class HoldingSerializer(StrictSerializer):
    """One lot; several of one asset come oldest first. `quantity` is in shown units."""

    asset = CodeField()
    quantity = AmountField(zero=False)
    cost_basis = AmountField(required=False)


class PolicySerializer(StrictSerializer):
    """What to change of the first policy for this customer; amounts in card currency."""

    partial_minimum = AmountField(required=False)
    minimum_conversion = AmountField(required=False)
    daily_limit = AmountField(required=False)
    cash_daily_limit = AmountField(required=False)
    fx_buffer_bps = serializers.IntegerField(min_value=0, max_value=10_000, required=False)
    cash_enabled = serializers.BooleanField(required=False)
    sell_at_capture = serializers.BooleanField(required=False)
    provisional_credit = serializers.BooleanField(required=False)


class CustomerSerializer(StrictSerializer):
    """A new customer; `cash` may be negative."""

    country = serializers.RegexField(r"^[A-Z]{2}$", default="US")
    card_currency = CodeField(default="USD")
    cash = AmountField(negative=True, default=Decimal(0))
    holdings = HoldingSerializer(many=True, default=list)
    spend_order = serializers.ListField(child=CodeField(), allow_null=True, default=None)
    excluded = serializers.ListField(child=CodeField(), default=list)
    cashback_asset = CodeField(required=False)
    policy = PolicySerializer(required=False)


class PinsSerializer(StrictSerializer):
    """Prices to hold still, and assets to call stale, closed or halted."""

    currency = CodeField(default="USD")
    bid = serializers.DictField(child=AmountField(zero=False), default=dict)
    stale = serializers.ListField(child=CodeField(), default=list)
    market_closed = serializers.ListField(child=CodeField(), default=list)

    def validate_bid(self, value: dict[str, Any]) -> dict[str, Any]:
        """Refuse prices of what is not listed."""
        for code in value:
            CodeField().run_validation(code)
        return value


class DepositSerializer(StrictSerializer):
    """Cash in the card's currency."""

    amount = AmountField(zero=False)


class ExclusionSerializer(StrictSerializer):
    """An asset never to be sold for a purchase."""

    asset = CodeField()


class CardStatusSerializer(StrictSerializer):
    """`active` after `canceled` issues the replacement."""

    status = serializers.ChoiceField(choices=["active", "inactive", "canceled"])


class PurchaseSerializer(StrictSerializer):
    """A purchase to play from request to capture; amount in card currency."""

    customer = serializers.CharField()
    amount = AmountField(zero=False)
    merchant_name = serializers.CharField(default="RAMEN TOKYO", max_length=120)
    mcc = serializers.RegexField(r"^\d{4}$", default="5812")
    merchant_currency = serializers.RegexField(r"^[A-Za-z]{3}$", default="jpy")
    merchant_country = serializers.RegexField(r"^[A-Z]{2}$", default="JP")


class DecisionSerializer(StrictSerializer):
    """What the card network makes of a dispute; `rescinded` takes a win back."""

    outcome = serializers.ChoiceField(choices=["won", "lost", "rescinded"], default="won")
