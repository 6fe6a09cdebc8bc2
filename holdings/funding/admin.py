"""Staff see money come and go, clear the queue of the unmatched, release large withdrawals."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from holdings.funding.models import (
    Deposit,
    DepositAccount,
    DepositAddress,
    Destination,
    PaperPayout,
    RailTerms,
    Receipt,
    ReceiptState,
    TakeBack,
    TopUp,
    Withdrawal,
    WithdrawalState,
)
from holdings.funding.services import release, unmatched
from krak.approvals.admin import waiting
from krak.core import clock
from krak.core.admin import (
    ReadOnlyAdmin,
    ReasonForm,
    Section,
    amount_column,
    badge,
    button,
    link_to,
)
from krak.core.ids import MalformedId, read, show
from krak.customers.models import Customer, User

_TONES = {
    "CREDITED": "good", "FINAL": "good", "COMPLETED": "good", "PENDING": "odd", "SENT": "odd",
    "SENDING": "odd", "READY": "odd", "AWAITING_APPROVAL": "odd", "FAILED": "bad",
    "RETURNED": "bad", "UNDONE": "bad", "DROPPED": "bad", "TOO_SMALL": "bad", "RETURNING": "odd",
}  # fmt: skip


@admin.display(description="State", ordering="state")
def state_column(_page: Any, row: Any) -> SafeString:
    """Show the state in its colour."""
    return badge(row.state, _TONES.get(row.state))


class _MoneyAdmin(ReadOnlyAdmin):
    """A read-only table with amounts and states."""

    amount_shown = amount_column("amount")
    state_shown = state_column
    ordering = ("-id",)


@admin.register(Deposit)
class DepositAdmin(_MoneyAdmin):
    """Money that came in or is on its way."""

    list_display = ("created_at", "customer", "kind", "amount_shown", "state_shown", "credited_at")
    list_filter = ("kind", "state", "currency")
    list_select_related = ("customer",)
    fields = (
        "shown_id", "customer", "kind", "amount_shown", "state_shown", "failure", "taken_shown",
        "usd_value", "facts", "entry", "created_at", "credited_at",
    )  # fmt: skip
    taken_shown = amount_column("taken_back")

    def sections(self, deposit: Deposit) -> Iterable[Section]:
        """Show what was taken back of it."""
        yield Section(
            title="Refunds and disputes",
            head=("At Stripe", "Kind", "Amount", "Taken now"),
            rows=[
                (link_to(each, each.stripe_id), each.kind, each.amount, each.taken)
                for each in deposit.take_backs.order_by("id")
            ],
        )


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    """Payments through Stripe."""

    list_display = ("created_at", "customer", "asked_shown", "told", "stripe_id", "deposit")
    search_fields = ("stripe_id",)
    list_select_related = ("customer", "deposit")
    ordering = ("-id",)
    asked_shown = amount_column("asked_amount", currency="asked_currency")


@admin.register(TakeBack)
class TakeBackAdmin(ReadOnlyAdmin):
    """Refunds and disputes of top-ups."""

    list_display = (
        "created_at", "customer", "kind", "stripe_id", "amount_shown", "withdrawn", "ended",
    )  # fmt: skip
    list_filter = ("kind",)
    search_fields = ("stripe_id",)
    list_select_related = ("customer", "deposit")
    ordering = ("-id",)
    amount_shown = amount_column("amount", currency="deposit.currency")


@admin.register(DepositAccount)
class DepositAccountAdmin(ReadOnlyAdmin):
    """Customers' IBANs."""

    list_display = ("created_at", "customer", "currency", "iban", "reference", "provider")
    list_filter = ("currency", "provider")
    search_fields = ("iban", "reference")
    list_select_related = ("customer",)
    ordering = ("-id",)


@admin.register(DepositAddress)
class DepositAddressAdmin(ReadOnlyAdmin):
    """Customers' addresses."""

    list_display = ("created_at", "customer", "network", "address", "memo", "provider")
    list_filter = ("network", "provider")
    search_fields = ("address", "memo")
    list_select_related = ("customer",)
    ordering = ("-id",)


class AssignForm(ReasonForm):
    """Whose money it is."""

    customer = forms.CharField(max_length=40, widget=UnfoldAdminTextInputWidget())
    field_order = ("customer", "reason")

    def clean_customer(self) -> Any:
        """Return the id of the customer."""
        try:
            return read(Customer.PREFIX, self.cleaned_data["customer"].strip())
        except MalformedId:
            raise forms.ValidationError("An id looks like cus_01m8….") from None


@admin.register(Receipt)
class ReceiptAdmin(_MoneyAdmin):
    """What banks and chains say came in; without a deposit, nobody was found for it."""

    list_display = (
        "created_at", "rail", "amount_shown", "sender_name", "reference", "state_shown",
        "unmatched_because", "deposit",
    )  # fmt: skip
    list_filter = (("deposit", admin.EmptyFieldListFilter), "state", "rail", "unmatched_because")
    search_fields = ("provider_reference", "account", "reference", "sender_name")
    list_select_related = ("deposit",)
    actions_detail = ("assign", "send_back")

    def has_queue_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right clear the queue, while there is something to clear."""
        receipt = self.get_object(request, object_id or "")
        return (
            receipt is not None
            and receipt.deposit_id is None
            and receipt.state == ReceiptState.FINAL
            and request.user.has_perm("funding.propose_receipt")
        )

    @button("Give it to a customer", right="queue")
    def assign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whose it is; a large one is put before a second person."""
        receipt = self.get_object(request, object_id)
        if receipt is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            proposal = unmatched.assign(
                receipt_id=receipt.id,
                customer_id=data["customer"],
                reason=data["reason"],
                by=_user(request),
                now=clock.now(),
            )
            return "A second person has to approve it." if proposal else "It is credited."

        return self.ask(
            request, receipt, AssignForm(request.POST or None),
            title=f"Whose is {receipt}?", do=do, buttons=(("assign", "Assign"),),
        )  # fmt: skip

    @button("Send it back", right="queue")
    def send_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why it shall go back to where it came from."""
        receipt = self.get_object(request, object_id)
        if receipt is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            unmatched.send_back(receipt_id=receipt.id, reason=data["reason"])
            return "It is being sent back."

        return self.ask(
            request, receipt, ReasonForm(request.POST or None),
            title=f"Send back {receipt}", do=do, buttons=(("send_back", "Send back"),),
        )  # fmt: skip


@admin.register(Destination)
class DestinationAdmin(ReadOnlyAdmin):
    """Where customers may send money."""

    list_display = ("created_at", "customer", "rail", "account", "label", "usable_at", "removed_at")
    list_filter = ("rail", ("removed_at", admin.EmptyFieldListFilter))
    search_fields = ("account", "label")
    list_select_related = ("customer",)
    ordering = ("-id",)


class ReleaseForm(ReasonForm):
    """Why a large withdrawal may go."""

    reason = forms.CharField(max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


@admin.register(Withdrawal)
class WithdrawalAdmin(_MoneyAdmin):
    """Money on its way out."""

    list_display = (
        "created_at", "customer", "amount_shown", "fee_shown", "destination", "rail",
        "state_shown", "ended_at",
    )  # fmt: skip
    list_filter = ("state", "rail", "currency")
    search_fields = ("provider_reference",)
    list_select_related = ("customer", "destination")
    fields = (
        "shown_id", "customer", "destination", "rail", "amount_shown", "fee_shown", "usd_value",
        "state_shown", "provider", "provider_reference", "failure", "last_error", "entry",
        "return_entry", "created_at", "sending_at", "sent_at", "ended_at",
    )  # fmt: skip
    fee_shown = amount_column("fee")
    actions_detail = ("propose",)

    def sections(self, withdrawal: Withdrawal) -> Iterable[Section]:
        """Show what waits for a second person."""
        yield waiting(kind=release.KIND, subject=show(Withdrawal.PREFIX, withdrawal.id))

    def has_release_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Let those with the right propose to send what waits."""
        found = self.get_object(request, object_id or "")
        return (
            found is not None
            and found.state == WithdrawalState.AWAITING_APPROVAL
            and request.user.has_perm("funding.propose_withdrawal")
        )

    @button("Propose to send it", right="release")
    def propose(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why it may go, and put it before a second person."""
        withdrawal = self.get_object(request, object_id)
        if withdrawal is None:
            raise PermissionDenied

        def do(data: dict[str, Any]) -> str:
            release.propose_release(
                withdrawal_id=withdrawal.id,
                reason=data["reason"],
                by=_user(request),
                now=clock.now(),
            )
            return "A second person has to approve it."

        return self.ask(
            request, withdrawal, ReleaseForm(request.POST or None),
            title=f"Propose to send {withdrawal}", do=do, buttons=(("propose", "Propose"),),
        )  # fmt: skip


@admin.register(RailTerms)
class RailTermsAdmin(ReadOnlyAdmin):
    """Fees and minima: a change is a new row with its own beginning, never an edit."""

    list_display = (
        "effective_at", "rail", "currency", "unit", "fee", "minimum_withdrawal", "minimum_deposit",
    )  # fmt: skip
    list_filter = ("rail",)
    search_fields = ("currency",)
    ordering = ("rail", "currency", "-effective_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may add terms add them."""
        return request.user.has_perm("funding.add_railterms")


@admin.register(PaperPayout)
class PaperPayoutAdmin(_MoneyAdmin):
    """What the sandbox's provider was asked to send."""

    list_display = ("at", "rail", "account", "amount_shown", "key", "asked")
    search_fields = ("key", "account")


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
