"""Staff read what has cleared, and propose to undo a refund that the network took back."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from unfold.widgets import UnfoldAdminTextInputWidget

from cards.clearing import services
from cards.clearing.models import CardTransaction
from cards.clearing.queries import reversal_of
from cards.clearing.rules import Kind
from krak.approvals import queries as approvals
from krak.approvals.admin import waiting
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, ReasonForm, Section, amount_column, button
from krak.core.ids import show
from krak.customers.models import User


class ReversalForm(ReasonForm):
    """What took the refund back, and how one knows."""

    at_stripe = forms.RegexField(
        r"\A[\w-]{1,64}\Z", label="Its id at Stripe", widget=UnfoldAdminTextInputWidget()
    )
    field_order = ("at_stripe", "reason")


@admin.register(CardTransaction)
class CardTransactionAdmin(ReadOnlyAdmin):
    """Captures and refunds."""

    list_display = ("event_at", "customer", "kind", "merchant_name", "amount_shown", "flag_list")
    list_filter = ("kind",)
    search_fields = ("stripe_id", "merchant_name", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "stripe_id", "customer", "card", "authorization", "entry", "kind",
        "amount_shown", "unrewarded_shown", "merchant_name", "mcc", "merchant_network_id",
        "merchant_currency", "merchant_amount_minor", "group", "reverses", "flag_list",
        "event_at", "created_at",
    )  # fmt: skip
    actions_detail = ("propose_reversal",)

    amount_shown = amount_column("amount")
    unrewarded_shown = amount_column("unrewarded", label="earns no reward")

    @admin.display(description="Flags")
    def flag_list(self, transaction: CardTransaction) -> str:
        """Show the flags as words."""
        return ", ".join(transaction.flags)

    def sections(self, transaction: CardTransaction) -> Iterable[Section]:
        """Show what waits for a second person."""
        if transaction.kind == Kind.REFUND:
            yield waiting(
                kind=services.REVERSAL, subject=show(CardTransaction.PREFIX, transaction.id)
            )

    def has_reversal_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right say that a refund was taken back, once."""
        found = self.get_object(request, object_id or "")
        return (
            found is not None
            and found.kind == Kind.REFUND
            and approvals.may_propose(services.REVERSAL, user=cast("User", request.user))
            and reversal_of(found) is None
        )

    @button("The network took it back", right="reversal")
    def propose_reversal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask which transaction took the refund back, and put it before a second person."""
        refund = self.get_object(request, object_id)
        if refund is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            services.propose_reversal(
                refund=refund,
                stripe_id=data["at_stripe"],
                reason=data["reason"],
                by=cast("User", request.user),
                now=clock.now(),
            )
            return "A second person has to approve it."

        return self.ask(
            request, refund, ReversalForm(request.POST or None),
            title=f"Undo {refund}", do=do, buttons=(("propose", "Propose"),),
        )  # fmt: skip
