"""Staff see who is in the primary market and what they ask for; they accept, reject and end."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from holdings.primary.models import PaperOrder, Party, Request, RequestState
from holdings.primary.services import decisions, parties
from krak.approvals.admin import waiting
from krak.approvals.services import LONGEST_WORDS
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, ReasonForm, Section, badge, button, shown
from krak.core.ids import show
from krak.customers.models import User

_TONES = {
    "REQUESTED": "odd", "APPROVED": "odd", "SETTLED": "good", "REJECTED": "bad", "CANCELED": "bad",
    "FAILED": "bad",
}  # fmt: skip


class AcceptForm(ReasonForm):
    """Why a request may go to the issuer."""

    reason = forms.CharField(
        max_length=LONGEST_WORDS, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


@admin.register(Party)
class PartyAdmin(ReadOnlyAdmin):
    """Who is in the primary market. They are proposed on the page of the customer."""

    audited = ("primary_party",)
    list_display = ("created_at", "customer", "network", "wallet", "onboarded_at", "ended_at")
    list_filter = ("network", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("wallet",)
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "network", "wallet", "created_at", "onboarded_at", "ended_at",
        "ended_because",
    )  # fmt: skip
    actions_detail = ("end",)

    def sections(self, party: Party) -> Iterable[Section]:
        """Show what waits for a second person."""
        yield waiting(kind=parties.KIND, subject=show(Party.PREFIX, party.id))

    def has_end_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right end a party that is in."""
        found = self.get_object(request, object_id or "")
        return (
            found is not None
            and found.onboarded_at is not None
            and found.ended_at is None
            and request.user.has_perm("primary.end_party")
        )

    @button("End it", right="end")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why the party shall ask for nothing more."""
        party = self.get_object(request, object_id)
        if party is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            parties.end(party_id=party.id, reason=data["reason"], now=clock.now())
            return "Ended: what waited for a decision is rejected."

        return self.ask(
            request, party, ReasonForm(request.POST or None),
            title=f"End {party}", do=do, buttons=(("end", "End it"),),
        )  # fmt: skip


@admin.register(Request)
class RequestAdmin(ReadOnlyAdmin):
    """Subscriptions and redemptions on their way."""

    audited = ("primary_request",)
    list_display = (
        "created_at", "customer", "side", "asset", "gives_shown", "gets_shown", "state_shown",
        "ended_at",
    )  # fmt: skip
    list_filter = ("state", "side", "asset")
    search_fields = ("issuer_reference",)
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "party", "side", "asset", "gives_shown", "gets_shown", "usd_value",
        "price", "state_shown", "issuer", "issuer_reference", "failure", "last_error", "entry",
        "created_at", "approved_at", "submitted_at", "ended_at",
    )  # fmt: skip
    actions_detail = ("propose", "reject")

    @admin.display(description="State", ordering="state")
    def state_shown(self, row: Request) -> SafeString:
        """Show the state in its colour."""
        return badge(row.state, _TONES.get(row.state))

    @admin.display(description="Gives")
    def gives_shown(self, row: Request) -> str:
        """Show what the customer gives: dollars or base units."""
        return shown(row.given, row.gives)

    @admin.display(description="Gets")
    def gets_shown(self, row: Request) -> str:
        """Show what the customer got, once it is settled."""
        got = row.units if row.gets == row.asset else row.cash
        return shown(got, row.gets) if got is not None else ""

    def sections(self, row: Request) -> Iterable[Section]:
        """Show what waits for a second person."""
        yield waiting(kind=decisions.KIND, subject=show(Request.PREFIX, row.id))

    def has_propose_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right propose to accept what waits."""
        return self._may(request, object_id, "primary.propose_request")

    def has_reject_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right reject what waits."""
        return self._may(request, object_id, "primary.reject_request")

    def _may(self, request: HttpRequest, object_id: str | None, right: str) -> bool:
        found = self.get_object(request, object_id or "")
        return (
            found is not None
            and found.state == RequestState.REQUESTED
            and request.user.has_perm(right)
        )

    @button("Propose to accept it", right="propose")
    def propose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why it may go to the issuer, and put it before a second person."""
        row = self.get_object(request, object_id)
        if row is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            decisions.propose_acceptance(
                request_id=row.id, reason=data["reason"], by=_user(request), now=clock.now()
            )
            return "A second person has to approve it."

        return self.ask(
            request, row, AcceptForm(request.POST or None),
            title=f"Propose to accept this {row}", do=do, buttons=(("propose", "Propose"),),
        )  # fmt: skip

    @button("Reject it", right="reject")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, and tell the customer."""
        row = self.get_object(request, object_id)
        if row is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            decisions.reject(request_id=row.id, reason=data["reason"], now=clock.now())
            return "Rejected: what it set aside is free, and the customer is told why."

        return self.ask(
            request, row, ReasonForm(request.POST or None),
            title=f"Reject this {row}", do=do, buttons=(("reject", "Reject"),),
        )  # fmt: skip


@admin.register(PaperOrder)
class PaperOrderAdmin(ReadOnlyAdmin):
    """What the sandbox's issuer was asked to do."""

    list_display = ("at", "side", "asset", "network", "amount", "price", "key", "asked")
    search_fields = ("key",)
    ordering = ("-id",)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
