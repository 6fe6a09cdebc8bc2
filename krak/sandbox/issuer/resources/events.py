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
    """GET /v1/events, of one `type` (`*` stands for any letters) or of several `types`"""
    if "types" in call.params:
        if "type" in call.params:
            raise StripeProblem("You may only specify one of these parameters: type, types.")
        others = {name: value for name, value in call.params.items() if name != "types"}
        call = replace(call, params={**others, "type": call.params["types"]})
    return page(call, KIND, {"type": _types})


def _types(value: Any, param: str) -> Any:
    return (forms.listed(forms.text()) if isinstance(value, list) else forms.text())(value, param)
