"""Who is asking, as far as any feature's door needs to know. How they sign in: `krak.identity`."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from krak.customers.models import Customer


class IsCustomer(BasePermission):
    """Let signed-in customers through."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Tell whether a customer is asking."""
        return isinstance(request.auth, Customer)


def asking(request: Request) -> Customer:
    """Return the customer who is asking; only for views that let nobody else in."""
    if not isinstance(request.auth, Customer):
        raise TypeError("this view lets in who is no customer")
    return request.auth
