"""Amounts in shown units as clients read them, never without the multiplier they are shown by.

Where all of an object's amounts are of one asset, it has one `multiplier`; where they are of
several, each amount has its own.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypedDict, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from fx.prices import live
from fx.prices.rules import Board
from holdings.ledger.queries import Shown, shown, shown_by
from krak.api.shapes import AmountSerializer
from krak.core import clock
from krak.core.money import amount_object, plain

_SHARES: Final = "base units times this are the units shown; null of what has none"


class Seen(TypedDict):
    """By which board and at which moment something is shown."""

    board: Board
    now: datetime


def seen(context: Mapping[str, Any]) -> Seen:
    """Return by which board and at which moment an answer shows its amounts: the same for all.

    The context of a serializer keeps them, from the first amount on or as it was given.
    """
    if "board" not in context:
        cast("dict[str, Any]", context).update(board=live.current(), now=clock.now())
    return {"board": context["board"], "now": context["now"]}


def amount_in(context: Mapping[str, Any], units: Decimal, code: str) -> dict[str, str]:
    """Write base units as they are shown at the moment of the answer."""
    return amount_object(shown(units, code=code, **seen(context)))


def shown_in(context: Mapping[str, Any], units: Decimal, code: str) -> dict[str, str | None]:
    """Write base units as `amount_in` does, with their multiplier: see `ShownAmountSerializer`."""
    moment = seen(context)
    amount = shown(units, code=code, **moment)
    return shown_object(Shown(amount, shown_by(code, **moment)))


def shown_object(value: Shown) -> dict[str, str | None]:
    """Write an amount: `{"amount": "40.084", "currency": "AAPLx", "multiplier": "1.0021"}`."""
    multiplier = None if value.multiplier is None else plain(value.multiplier)
    return {**amount_object(value.amount), "multiplier": multiplier}


@extend_schema_field({"type": "string", "examples": ["1.0021"]})
class MultiplierField(serializers.Field[str, Any, str | None, Any]):
    """The multiplier that the amounts beside it are shown by, at the moment of the answer."""

    def __init__(self, source: str = "currency") -> None:
        """Take the asset's code from `source`."""
        super().__init__(
            source=source,
            read_only=True,
            allow_null=True,
            help_text=f"of shares, at the moment of the answer: {_SHARES}",
        )

    def to_representation(self, value: str) -> str | None:
        """Write the multiplier that the amounts were shown by."""
        multiplier = shown_by(value, **seen(self.context))
        return None if multiplier is None else plain(multiplier)


class ShownAmountSerializer(AmountSerializer):
    """An amount beside amounts of other assets: of shares with the multiplier it is shown by."""

    multiplier = serializers.CharField(
        read_only=True, allow_null=True, help_text=f"of shares: {_SHARES}"
    )

    def to_representation(self, instance: Any) -> Any:
        """Write an amount in shown units."""
        return shown_object(instance)
