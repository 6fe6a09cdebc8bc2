"""Who is asking: a customer with a bearer token."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from krak.core import clock
from krak.customers.models import Customer, User
from krak.customers.queries import customer_of_token


class AccessTokenAuthentication(BaseAuthentication):
    """Read `Authorization: Bearer …`; `request.auth` is then the customer."""

    def authenticate(self, request: Request) -> tuple[User, Customer] | None:
        """Return the user and customer of the token, or None when there is no token."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        customer = customer_of_token(token.strip(), now=clock.now())
        if customer is None:
            raise AuthenticationFailed("The token is unknown, ended or expired.")
        return customer.user, customer

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that refusals are 401."""
        return "Bearer"


class IsCustomer(BasePermission):
    """Let signed-in customers through."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether a customer is asking."""
        return isinstance(request.auth, Customer)


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the token is described in the schema."""

    target_class = AccessTokenAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer"}


def asking(request: Request) -> Customer:
    """Return the customer who is asking; only for views that let nobody else in."""
    if not isinstance(request.auth, Customer):
        raise TypeError("this view lets in who is no customer")
    return request.auth
