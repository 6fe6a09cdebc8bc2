"""Bodies and amounts, read strictly: what is odd is refused, never guessed."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

MOST_WHOLE_DIGITS: Final = 18
MOST_DECIMALS: Final = 10
AMOUNT: Final = re.compile(rf"-?\d{{1,{MOST_WHOLE_DIGITS}}}(\.\d{{1,{MOST_DECIMALS}}})?", re.ASCII)
NUMBER: Final = re.compile(r"-?\d+(\.(?P<decimals>\d+))?", re.ASCII)
"""What is written like an amount, but may be too large or too fine for one."""
LARGEST: Final = Decimal(10**MOST_WHOLE_DIGITS) - Decimal(1).scaleb(-MOST_DECIMALS)
"""28 digits: what the columns of amounts take."""


class StrictJSONParser(JSONParser):
    """JSON without NaN, duplicate keys, NUL characters or absurd depth."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body as Python values.

        Raises:
            ParseError: it is no such JSON.
        """
        try:
            return read_json(stream.read())
        except ValueError as error:
            raise ParseError(f"No readable JSON: {error}") from None


def read_json(body: bytes) -> Any:
    """Return a body as Python values.

    Raises:
        ValueError: it is no JSON, or has NaN, duplicate keys, NUL characters or absurd depth.
    """
    try:
        text = _without_nul(body.decode("utf-8"))
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _without_nul(text: str) -> str:
    if "\\u0000" in text:
        raise ValueError("NUL characters are not taken")
    return text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number here")


@extend_schema_field({"type": "string", "pattern": f"^{AMOUNT.pattern}$", "examples": ["12.99"]})
class AmountField(serializers.Field[Decimal, Any, str, Any]):
    """A decimal as an ASCII string like "12.99"; JSON numbers and other digits are refused."""

    default_error_messages = {  # noqa: RUF012 - as the base class has it
        "amount": 'An amount is a string like "12.99".',
        "too_large": "An amount is at most {most} here.",
        "too_fine": f"An amount has at most {MOST_DECIMALS} decimals.",
        "negative": "An amount is not negative here.",
        "zero": "An amount is more than zero here.",
    }

    def __init__(
        self,
        *,
        negative: bool = False,
        zero: bool = True,
        most: Decimal = LARGEST,
        **options: Any,
    ) -> None:
        self.negative, self.zero, self.most = negative, zero, most
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the amount, or fail with a field error."""
        if not isinstance(data, str) or not (number := NUMBER.fullmatch(data)):
            self.fail("amount")
        if len(number["decimals"] or "") > MOST_DECIMALS:
            self.fail("too_fine")
        amount = Decimal(data)
        if not AMOUNT.fullmatch(data) or abs(amount) > self.most:
            self.fail("too_large", most=format(self.most, "f"))
        if amount < 0 and not self.negative:
            self.fail("negative")
        if amount == 0 and not self.zero:
            self.fail("zero")
        return amount

    def to_representation(self, value: Any) -> str:
        """Write the amount plainly."""
        return format(value, "f")


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the values, or name each unknown field."""
        if isinstance(data, Mapping) and (unknown := set(data) - set(self.fields)):
            raise serializers.ValidationError(
                {str(name): ["This field is unknown."] for name in sorted(unknown, key=str)},
                code="unknown",
            )
        return super().to_internal_value(data)


def read_body(
    kind: type[serializers.Serializer[Any]], request: Request, **context: Any
) -> dict[str, Any]:
    """Return what a request's body says, as `kind` reads it; `context` is for its checks.

    Raises:
        ValidationError: the body is not such; each field is named.
    """
    body = kind(data=request.data, context=context)
    body.is_valid(raise_exception=True)
    asked: dict[str, Any] = body.validated_data
    return asked
