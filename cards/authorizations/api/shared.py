"""How a refusal, a holding and a sale are written, of an answer and of what one would be."""

from typing import Any

from rest_framework import serializers

from cards.authorizations.rules.decision import Decline
from cards.authorizations.rules.explanation import Declined, LeftOut, NetworkDecline, Sold, Worth
from krak.api.shapes import AmountSerializer, DecimalText


def decline_of(why: Declined | None) -> Any:
    """Write why something was refused, None if it was not."""
    return DeclineSerializer(why).data if why else None


class DeclineSerializer(serializers.Serializer[Declined]):
    """Why a request was refused."""

    reason = serializers.ChoiceField(choices=[str(r) for r in (*Decline, *NetworkDecline)])
    message = serializers.CharField(help_text="the reason in plain words")


class WorthSerializer(serializers.Serializer[Worth]):
    """What one holding was worth at the tap, and how much of that counted."""

    units = AmountSerializer(help_text="available, in shown units")
    bid = DecimalText(allow_null=True, help_text="price of one shown unit in the card's currency")
    value = AmountSerializer(allow_null=True, help_text="units at bid")
    counted = AmountSerializer(help_text="value less the haircut; 0 when left out")
    left_out = serializers.ChoiceField(choices=[str(reason) for reason in LeftOut], allow_null=True)
    venue = serializers.CharField(allow_null=True)
    price_as_of = serializers.DateTimeField(allow_null=True)
    multiplier = DecimalText(
        allow_null=True, help_text="of shares, at the tap: shown by base units"
    )


class SaleSerializer(serializers.Serializer[Sold]):
    """What was sold for the purchase."""

    units = AmountSerializer(help_text="in shown units")
    bid = DecimalText(help_text="price of one shown unit in the card's currency")
    proceeds = AmountSerializer(help_text="what the sale raised")
    spread = AmountSerializer(help_text="what we earned on it")
    venue = serializers.CharField()
    multiplier = DecimalText(
        allow_null=True, help_text="of shares, at the tap: shown by base units"
    )
