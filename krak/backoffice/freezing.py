"""Compliance freezes and unfreezes a customer, and says why."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, ReasonForm, button
from krak.core.transactions import transaction
from krak.customers import services


class FreezingAdmin(ReadOnlyAdmin):
    """The customer's page with its two buttons."""

    actions_detail: tuple[str, ...] = ("freeze", "unfreeze")

    def has_freeze_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let compliance freeze who is not frozen."""
        return self._may_freeze(request, object_id, frozen=False)

    def has_unfreeze_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let compliance unfreeze who is."""
        return self._may_freeze(request, object_id, frozen=True)

    def _may_freeze(self, request: HttpRequest, object_id: str | None, *, frozen: bool) -> bool:
        customer = self.get_object(request, object_id or "")
        return (
            customer is not None
            and (customer.frozen_at is not None) is frozen
            and request.user.has_perm("customers.freeze_customer")
        )

    @button("Freeze", right="freeze")
    def freeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then let no card of this customer pay."""

        def do(data: dict[str, Any]) -> str:
            with transaction():
                services.freeze(customer_id=UUID(object_id), reason=data["reason"], now=clock.now())
            return "Frozen: no card of this customer pays."

        return self._ask_why(request, object_id, "Freeze", do)

    @button("Unfreeze", right="unfreeze")
    def unfreeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then let the cards pay again."""

        def do(data: dict[str, Any]) -> str:
            with transaction():
                services.unfreeze(customer_id=UUID(object_id), reason=data["reason"])
            return "Unfrozen: the cards pay again."

        return self._ask_why(request, object_id, "Unfreeze", do)

    def _ask_why(
        self, request: HttpRequest, object_id: str, word: str, do: Callable[[dict[str, Any]], str]
    ) -> HttpResponse:
        customer = self.get_object(request, object_id)
        if customer is None:
            raise PermissionDenied
        form = ReasonForm(request.POST or None)
        buttons = ((word.lower(), word),)
        return self.ask(request, customer, form, title=f"{word} {customer}", do=do, buttons=buttons)
