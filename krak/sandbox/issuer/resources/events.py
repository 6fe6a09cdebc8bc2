"""/v1/events"""

from dataclasses import replace
from typing import Any, Final

from krak.sandbox.issuer import forms
from krak.sandbox.issuer.calls import Call, Page, page
from krak.sandbox.issuer.errors import StripeProblem
from krak.sandbox.issuer.store import Document

KIND: Final = "event"


def retrieve(call: Call) -> Document:
    """GET /v1/events/{id}"""
    call.read({})
    return call.issuer.get(KIND, call.id)


def list_all(call: Call) -> Page:
    """GET /v1/events, of one `type` (`*` stands for any letters) or of several `types`

    With `delivery_success` false those that are on their way or never arrived.
    """
    if "types" in call.params and "type" in call.params:
        raise StripeProblem("You may only specify one of these parameters: type, types.")
    fields = {_FIELD_OF.get(name, name): value for name, value in call.params.items()}
    return page(
        replace(call, params=fields), KIND, {"type": _types, "pending_webhooks": _undelivered}
    )


_FIELD_OF: Final = {"types": "type", "delivery_success": "pending_webhooks"}
"""Parameters that are named otherwise than what they are looked for in."""


def _types(value: Any, param: str) -> Any:
    return (forms.listed(forms.text()) if isinstance(value, list) else forms.text())(value, param)


def _undelivered(value: Any, _field: str) -> int:
    return 0 if forms.boolean(value, "delivery_success") else 1
