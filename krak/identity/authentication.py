"""Who is asking: a customer with a session token of the app, or with an access token."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from krak.core import clock, logs
from krak.customers import queries as customers
from krak.customers.models import Customer, User
from krak.identity import headers, queries
from krak.identity.services import devices
from krak.identity.services.proofs import Bearer

_BEARER = "krak.bearer"


class CustomerAuthentication(BaseAuthentication):
    """Read `X-Session-Token` or `Authorization: Bearer`; `request.auth` is then the customer.

    Two queries for a session, one for an access token; neither is cached, so that what was ended is
    dead at the next request.
    """

    def authenticate(self, request: Request) -> tuple[User, Customer] | None:
        """Return the user and customer of the token, or None when there is no token."""
        asked = request._request  # noqa: SLF001 - documented by REST framework
        bearer = bearer_in(asked)
        if bearer is None:
            if headers.session_token(asked) or headers.bearer_token(asked):
                raise AuthenticationFailed("The token is unknown, ended or expired.")
            return None
        asked.META[_BEARER] = bearer
        customer = bearer.user.customer
        logs.bind(customer=customer.shown_id)
        return bearer.user, customer

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that refusals are 401."""
        return "Bearer"


def bearer_in(asked: HttpRequest) -> Bearer | None:
    """Return what a request of Django's is signed in with, None for nothing that is good."""
    return _by_session(asked) or _by_access_token(asked)


def bearer_of(request: Request) -> Bearer:
    """Return what a request is signed in with; only for views that let nobody else in."""
    found: Bearer = request.META[_BEARER]
    return found


def _by_session(asked: Any) -> Bearer | None:
    token = headers.session_token(asked)
    session = queries.session(token) if token else None
    device = queries.device_of(session) if session is not None else None
    if device is None or not hasattr(device.user, "customer"):
        return None
    devices.see(device, now=clock.now())
    return Bearer(device.user, device.id, session)


def _by_access_token(asked: Any) -> Bearer | None:
    token = headers.bearer_token(asked)
    if not token or not token.startswith(headers.OURS):
        return None
    held = customers.token_holder(token, now=clock.now())
    return Bearer(held.user, held.id, None) if held else None


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the tokens are described in the schema."""

    target_class = CustomerAuthentication
    name = ["sessionToken", "accessToken"]  # noqa: RUF012 - as the base class has it

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return the OpenAPI security schemes; either will do."""
        return [
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-Session-Token",
                "description": "from POST /v1/auth/login; see /v1/auth/openapi.json",
            },
            {"type": "http", "scheme": "bearer", "description": "an access or session token"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Return that one of them is needed."""
        return [{"sessionToken": []}, {"accessToken": []}]
