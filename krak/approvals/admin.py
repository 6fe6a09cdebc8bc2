"""The queue of what takes two people: read it in words, then approve or reject with a note."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from krak.approvals import queries, services
from krak.approvals.models import Proposal
from krak.approvals.registry import kind_of
from krak.approvals.rules import State
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, Section, badge, button, link_to
from krak.customers.models import User

_PENDING_FIRST: Final = Case(When(state=State.PROPOSED, then=Value(0)), default=Value(1))


def waiting(
    *, kind: str, subject: str, words: Callable[[Proposal], str] = lambda each: each.shown_id
) -> Section:
    """Return the table of what waits for a second person about a subject, for its page."""
    return Section(
        title="Waiting for approval",
        head=("Proposed at", "Proposal", "By"),
        rows=[
            (each.proposed_at, link_to(each, words(each)), each.proposed_by)
            for each in queries.open_proposals(kind=kind, subject=subject).select_related(
                "proposed_by"
            )
        ],
    )


class DecisionForm(forms.Form):
    """A note, and the hash of what was on the page when it was written."""

    content_hash = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=services.LONGEST_WORDS,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="What you checked, for whoever reads this later.",
    )


class WithdrawalForm(forms.Form):
    """Nothing to fill in: a question."""


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    """Open proposals first, oldest first."""

    list_display = (
        "title", "subject", "standing", "age", "proposed_by", "proposed_at", "decided_by",
    )  # fmt: skip
    list_filter = ("state", "kind")
    search_fields = ("subject", "reason", "proposed_by__email", "decided_by__email")
    list_select_related = ("proposed_by", "decided_by")
    fields = (
        "shown_id", "title", "subject", "standing", "reason", "proposed_by", "proposed_at",
        "expires_at", "decided_by", "decided_at", "decision_note", "outcome", "content_hash",
    )  # fmt: skip
    actions_detail = ("decide", "withdraw")

    def get_ordering(self, request: HttpRequest) -> Any:
        """Put what waits before what is done."""
        return (_PENDING_FIRST.asc(), "proposed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        """Bring the people along."""
        proposals: QuerySet[Proposal] = super().get_queryset(request)
        return proposals.select_related("proposed_by", "decided_by")

    @admin.display(description="What", ordering="kind")
    def title(self, proposal: Proposal) -> str:
        """Show what kind of thing is proposed."""
        return kind_of(proposal.kind).title

    @admin.display(description="State", ordering="state")
    def standing(self, proposal: Proposal) -> SafeString:
        """Show the state in its colour."""
        return badge(proposal.state)

    @admin.display(description="Waiting")
    def age(self, proposal: Proposal) -> str:
        """Show for how long an open proposal has waited, in hours and minutes."""
        if proposal.state != State.PROPOSED:
            return ""
        hours, rest = divmod(clock.now() - proposal.proposed_at, timedelta(hours=1))
        return f"{hours} h {rest // timedelta(minutes=1)} min"

    def sections(self, proposal: Proposal) -> Iterable[Section]:
        """Show what would happen, in words."""
        described = kind_of(proposal.kind).describe(proposal.proposed)
        yield Section(title="What is proposed", head=("What", "Which"), rows=list(described))

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let another person with the kind's right decide, while it is open."""
        found = _find(object_id)
        return found is not None and queries.may_decide(found, user=_user(request))

    @button("Decide", right="decide")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for approval or rejection, bound to what is shown."""
        proposal = _get(object_id)
        user, approving = _user(request), "approve" in request.POST

        def do(data: dict[str, Any]) -> str:
            now = clock.now()
            if approving:
                services.approve(
                    proposal_id=proposal.id,
                    content_hash=data["content_hash"],
                    by=user,
                    note=data["note"],
                    now=now,
                )
                return "Approved and carried out."
            services.reject(proposal_id=proposal.id, by=user, note=data["note"], now=now)
            return "Rejected."

        shown = {"content_hash": proposal.content_hash}
        return self.ask(
            request,
            proposal,
            DecisionForm(request.POST or None, initial=shown),
            title=f"Decide: {self.title(proposal)}, {proposal.subject}",
            do=do,
            buttons=(("approve", "Approve and carry out"), ("reject", "Reject")),
            sections=[*self.sections(proposal), _why(proposal)],
        )

    def has_withdraw_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let the proposer take it back while it is open."""
        found = _find(object_id)
        return (
            found is not None
            and found.state == State.PROPOSED
            and found.proposed_by_id == request.user.pk
        )

    @button("Withdraw", right="withdraw")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, then take it back."""
        proposal = _get(object_id)

        def do(_data: dict[str, Any]) -> str:
            services.withdraw(proposal_id=proposal.id, by=_user(request), now=clock.now())
            return "Withdrawn."

        return self.ask(
            request,
            proposal,
            WithdrawalForm(request.POST if request.method == "POST" else None),
            title="Withdraw this proposal",
            do=do,
            buttons=(("withdraw", "Withdraw"),),
            sections=self.sections(proposal),
        )


def _why(proposal: Proposal) -> Section:
    return Section(
        title="Why",
        head=("Reason", "Proposed by", "At"),
        rows=[(proposal.reason, proposal.proposed_by, proposal.proposed_at)],
    )


def _find(object_id: str | None) -> Proposal | None:
    try:
        return queries.proposal(UUID(object_id or ""))
    except ValueError:
        return None


def _get(object_id: str) -> Proposal:
    found = _find(object_id)
    if found is None:
        raise PermissionDenied
    return found


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
