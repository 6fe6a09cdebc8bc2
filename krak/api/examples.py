"""Examples of what nobody wrote one for, made from the schema and the names of its fields."""

from collections.abc import Mapping
from typing import Any, Final

MOMENT: Final = "2026-11-25T09:30:00Z"
DAY: Final = "2026-11-25"
ID: Final = "01m8kq3v5nf2tbx7d9r6h4s8jw"
BY_NAME: Final[dict[str, Any]] = {
    "action": "card.details",
    "amount": "12.50",
    "asset": "BTC",
    "blocked_categories": "7995",
    "blocked_countries": "KP",
    "born_on": "1990-12-10",
    "card": f"card_{ID}",
    "cashback_asset": "BTC",
    "city": "London",
    "code": "BTC",
    "country": "GB",
    "currency": "GBP",
    "customer": f"cus_{ID}",
    "display_currency": "GBP",
    "email": "ada@example.com",
    "encrypted_number": "ejJhbGciOiJSU0EtT0FFUC0yNTYi",
    "excluded": "ETH",
    "first_name": "Ada",
    "last4": "4242",
    "last_name": "Lovelace",
    "line1": "12 St James's Square",
    "line2": "Flat 2",
    "market_closed": "AAPLx",
    "merchant_country": "GB",
    "merchant_currency": "GBP",
    "name": "Ada Lovelace",
    "next": None,
    "nonce": "ephkn_1QyXk2",
    "percent": "50",
    "phone_number": "+442079460000",
    "postal_code": "SW1Y 4JH",
    "previous": None,
    "reference": "doc_passport_front",
    "spend_order": "USDC",
    "stale": "ETH",
    "state": "London",
    "stripe_version": "2025-08-27",
    "subject": f"card_{ID}",
    "tag": "ada",
    "time_zone": "Europe/London",
    "tin": "AB123456C",
    "title": "Krak",
}
"""Strings by the name of their field, where the schema does not say more."""
_BY_FORMAT: Final[dict[str, Any]] = {
    "date": DAY,
    "date-time": MOMENT,
    "time": "09:00",
    "uri": "https://krak.example/",
    "email": "ada@example.com",
    "decimal": "1.5",
}


def problem(code: str, status: int, title: str) -> dict[str, Any]:
    """Return a refusal as it is answered."""
    wrong = {"field": "amount", "code": "amount", "detail": 'An amount is a string like "12.99".'}
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        **({"errors": [wrong]} if code == "api.invalid" else {}),
        **({"facts": {"retry_after": 12}} if code == "limits.too_often" else {}),
        "request_id": f"req_{ID}",
        "retryable": status in {429, 503},
    }


def written(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], *, request: bool = False
) -> dict[str, Any]:
    """Return the examples of a body, one, in the form that OpenAPI has them."""
    return {"example": {"value": _Writer(schemas, request=request).value(schema)}}


class _Writer:
    """Makes one value that fits a schema."""

    def __init__(self, schemas: Mapping[str, Any], *, request: bool) -> None:
        self.schemas, self.request = schemas, request

    def value(self, schema: Mapping[str, Any], name: str = "") -> Any:
        """Return it; `name` is the field that it is for."""
        schema = self._resolved(schema)
        for key in ("example", "const", *(["default"] if self.request else [])):
            if schema.get(key) not in (None, "", [], {}):
                return schema[key]
        for key in ("examples", "enum"):
            if key in schema:
                return next((value for value in schema[key] if value), None)
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, name)
        if kind == "array":
            return [self.value(schema["items"], name)]
        return _plain(kind, schema, name)

    def _object(self, schema: Mapping[str, Any], name: str) -> dict[str, Any]:
        values = schema.get("additionalProperties")
        if isinstance(values, Mapping) and values:
            return {"card" if name == "subject" else "BTC": self.value(values, name)}
        return {
            field: self.value(described, field)
            for field, described in schema.get("properties", {}).items()
        }

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" in schema:
            return self._resolved(self.schemas[schema["$ref"].rpartition("/")[2]])
        for key in ("allOf", "oneOf", "anyOf"):
            if key in schema:
                return self._resolved(schema[key][0])
        return schema


def _kind(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "object")
    return kinds if isinstance(kinds, str) else next(each for each in kinds if each != "null")


def _plain(kind: str, schema: Mapping[str, Any], name: str) -> Any:
    if kind != "string":
        least = {"integer": 1, "number": 1.0, "boolean": False}[kind]
        return schema.get("minimum", least)
    if name not in BY_NAME and schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    text = MOMENT if name.endswith("_at") else "text"
    return BY_NAME.get(name, text[: schema.get("maxLength", len(text))])
