"""What the owner of a card allows it: as asked for, and as shown."""

from decimal import Decimal
from typing import Any, Final

from rest_framework import serializers

from cards.issuing.models import Card
from cards.issuing.rules import MOST_MINOR_AT_STRIPE, categories
from krak.api.parsing import AmountField, StrictSerializer
from krak.api.shapes import AmountSerializer
from krak.core.money import amount_object, is_exact, money, places_of

LIMITS: Final = ("purchase_limit", "daily_limit", "monthly_limit")
MOST_BLOCKED: Final = 250
HIGHEST: Final = Decimal(MOST_MINOR_AT_STRIPE).scaleb(-2)
"""In the currencies of cards, which all have two decimals."""


class LimitField(AmountField):
    """A limit that Stripe can keep, too; for nothing at all a card is frozen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(zero=False, most=HIGHEST, allow_null=True, default=None, **options)


class WantedControlsSerializer(StrictSerializer):
    """What a card may do; limits in its currency, null is no limit of one's own."""

    purchase_limit = LimitField()
    daily_limit = LimitField(help_text="per UTC day")
    monthly_limit = LimitField(help_text="per UTC month")
    atm_enabled = serializers.BooleanField(default=True)
    online_enabled = serializers.BooleanField(default=True, help_text="without the card at hand")
    blocked_countries = serializers.ListField(
        child=serializers.RegexField(r"^[A-Z]{2}$"), default=list, max_length=MOST_BLOCKED
    )
    blocked_categories = serializers.ListField(
        child=serializers.RegexField(r"^\d{4}$"),
        default=list,
        max_length=MOST_BLOCKED,
        source="blocked_mccs",
        help_text="merchant category codes, see GET /v1/merchant-categories",
    )

    def validate_blocked_categories(self, value: list[str]) -> list[str]:
        """Refuse codes that no merchant has."""
        if unknown := sorted(set(value) - categories().keys()):
            raise serializers.ValidationError(
                f"No merchant category: {', '.join(unknown)}.", code="unknown_category"
            )
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse limits that are finer than the card's currency."""
        currency = self.context["currency"]
        limits = {name: attrs[name] for name in LIMITS if attrs[name] is not None}
        fine = [name for name, limit in limits.items() if not is_exact(limit, places_of(currency))]
        if fine:
            raise serializers.ValidationError(
                {name: [f"{currency} has fewer decimals."] for name in fine}, code="too_fine"
            )
        return attrs


class CardControlsSerializer(serializers.Serializer[Card]):
    """What the owner of a card allows it."""

    purchase_limit = AmountSerializer(allow_null=True)
    daily_limit = AmountSerializer(allow_null=True)
    monthly_limit = AmountSerializer(allow_null=True)
    atm_enabled = serializers.BooleanField()
    online_enabled = serializers.BooleanField()
    blocked_countries = serializers.ListField(child=serializers.CharField())
    blocked_categories = serializers.ListField(child=serializers.CharField(), source="blocked_mccs")

    def to_representation(self, instance: Card) -> dict[str, Any]:
        """Write limits as money of the card's currency."""
        limits = {name: getattr(instance, name) for name in LIMITS}
        return {
            **{
                name: None if limit is None else amount_object(money(limit, instance.currency))
                for name, limit in limits.items()
            },
            "atm_enabled": instance.atm_enabled,
            "online_enabled": instance.online_enabled,
            "blocked_countries": instance.blocked_countries,
            "blocked_categories": instance.blocked_mccs,
        }
