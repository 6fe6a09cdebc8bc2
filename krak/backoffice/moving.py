"""Compliance notes that a verified customer lives in another country, and by what it is known."""

from typing import Any
from uuid import UUID

import pycountry
from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminSelectWidget

from krak.backoffice.freezing import FreezingAdmin
from krak.core.admin import ReasonForm, button
from krak.core.transactions import transaction
from krak.customers import services


def countries() -> list[tuple[str, str]]:
    """Return the code and the name of each country, when a form is shown and not at each start."""
    named = ((each.alpha_2, f"{each.name} ({each.alpha_2})") for each in pycountry.countries)
    return sorted(named, key=lambda country: country[1])


class MoveForm(ReasonForm):
    """Where they live now, and what says so."""

    country = forms.ChoiceField(choices=countries, widget=UnfoldAdminSelectWidget())
    field_order = ("country", "reason")


class MovingAdmin(FreezingAdmin):
    """The customer's page with one more button."""

    actions_detail = (*FreezingAdmin.actions_detail, "move")

    def has_move_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let compliance move whom they see."""
        return request.user.has_perm("customers.move_customer")

    @button("Note a move", right="move")
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask where to and how that is known; from then on the rules of that country count."""
        customer = self.get_object(request, object_id)
        if customer is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            with transaction():
                services.move(
                    customer_id=UUID(object_id), country=data["country"], reason=data["reason"]
                )
            return "Noted: what they may buy is judged by that country, and they are told."

        return self.ask(
            request, customer,
            MoveForm(request.POST or None, initial={"country": customer.country}),
            title=f"Note that {customer} has moved", do=do, buttons=(("move", "Note it"),),
        )  # fmt: skip
