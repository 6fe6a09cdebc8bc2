"""allauth's own description of its API, at our addresses."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import allauth.headless.spec
import yaml
from django.http import HttpRequest, JsonResponse
from django.urls import Resolver404, resolve

from krak.api.openapi import add_refusals, operations, refusal

_FILE: Final = Path(allauth.headless.spec.__file__).parent / "doc" / "openapi.yaml"
_ITS: Final = "/_allauth/{client}"
AT_OUR_DOOR: Final = (413, 429, 503)
"""What is refused before allauth is asked."""
_CLIENT: Final = "#/components/parameters/Client"


def openapi(_request: HttpRequest) -> JsonResponse:
    """GET /v1/auth/openapi.json"""
    return JsonResponse(_description())


@cache
def _description() -> dict[str, Any]:
    spec: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    served = {}
    for address, item in spec["paths"].items():
        ours = address.removeprefix(_ITS)
        if _is_served(ours):
            served[ours] = _without_client(item)
    spec["paths"] = served
    spec["components"]["parameters"].pop("Client", None)
    signup = spec["components"]["schemas"]["BaseSignup"]
    for name in ("phone", "username"):
        signup["properties"].pop(name, None)
    signup["properties"] |= {
        "country": {"type": "string", "pattern": "^[A-Z]{2}$", "description": "of residence"},
        "name": {"type": "string", "maxLength": 120, "description": "what others see of you"},
    }
    signup["required"] = ["email", "country"]
    add_refusals(spec, AT_OUR_DOOR)
    for method, operation in operations(spec):
        for status in (503,) if method == "get" else AT_OUR_DOOR:
            operation["responses"][str(status)] = refusal(status)
    spec["info"] |= {
        "title": "Krak: sign-up, sign-in and credentials",
        "description": "The API for apps of django-allauth, as Krak serves it. Send the session"
        " token of an answer's `meta.session_token` as `X-Session-Token` from then on, also to all"
        " of Krak's own API, and keep the `Device-Token` header of the first answer for good."
        " What is refused before a password or a code is looked at is a problem (RFC 9457), as in"
        " the rest of the API.",
    }
    return spec


def _is_served(address: str) -> bool:
    try:
        resolve(address)
    except Resolver404:
        return False
    return True


def _without_client(item: dict[str, Any]) -> dict[str, Any]:
    """Return a path's description without the kind of client, of which there is one."""
    kept = {}
    for name, value in item.items():
        if name == "parameters":
            value = [each for each in value if each.get("$ref") != _CLIENT]  # noqa: PLW2901
        elif isinstance(value, dict):
            value = _without_client(value)  # noqa: PLW2901
        kept[name] = value
    return kept
