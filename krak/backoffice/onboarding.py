"""Finance proposes a customer as a party of the primary market."""

from typing import Any, Final, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from holdings.primary import queries
from holdings.primary.models import WALLET_LENGTH
from holdings.primary.services import parties
from krak.approvals.services import LONGEST_WORDS
from krak.backoffice.moving import MovingAdmin
from krak.core import clock
from krak.core.admin import ReasonForm, button
from krak.customers.models import User

RIGHT: Final = "primary.propose_party"


class PartyForm(ReasonForm):
    """The wallet that the custodian holds in their name, and why they may come in."""

    network = forms.ChoiceField(widget=UnfoldAdminSelectWidget())
    wallet = forms.CharField(
        max_length=WALLET_LENGTH,
        widget=UnfoldAdminTextInputWidget(),
        help_text="The address that the issuer has whitelisted.",
    )
    reason = forms.CharField(
        max_length=LONGEST_WORDS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    field_order = ("network", "wallet", "reason")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        network = cast("forms.ChoiceField", self.fields["network"])
        network.choices = [(each.code, each.name) for each in queries.networks_with_shares()]


class OnboardingAdmin(MovingAdmin):
    """The customer's page with one more button."""

    actions_detail = (*MovingAdmin.actions_detail, "let_in")

    def has_let_in_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right propose whoever is none yet."""
        customer = self.get_object(request, object_id or "")
        return (
            customer is not None
            and request.user.has_perm(RIGHT)
            and not queries.is_or_may_be_party(customer_id=customer.pk)
        )

    @button("Propose for the primary market", right="let_in")
    def let_in(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the wallet, and put the customer before a second person."""
        customer = self.get_object(request, object_id)
        if customer is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            parties.propose_party(
                customer_id=customer.id,
                network=data["network"],
                wallet=data["wallet"].strip(),
                reason=data["reason"],
                by=cast("User", request.user),
                now=clock.now(),
            )
            return "A second person has to approve it."

        return self.ask(
            request, customer, PartyForm(request.POST or None),
            title=f"Propose {customer} for the primary market", do=do,
            buttons=(("propose", "Propose"),),
        )  # fmt: skip
