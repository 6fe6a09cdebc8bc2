"""Staff read what people send each other; nothing is edited by hand."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from holdings.transfers.models import PaymentLink, Request, SplitBill, Transfer
from krak.core.admin import ReadOnlyAdmin, Section, amount_column, badge, link_to, shown

PEOPLE = ("customer__name", "customer__user__email")
TONES = {"COMPLETED": "good", "PAID": "good", "PENDING": "odd", "OPEN": "odd"}


class _BetweenPeopleAdmin(ReadOnlyAdmin):
    """What these tables have in common; amounts are base units."""

    ordering = ("-id",)
    units_shown = amount_column("units", label="amount")

    @admin.display(description="State", ordering="state")
    def state_shown(self, row: Any) -> SafeString:
        """Show what has become of it."""
        return badge(row.state, TONES.get(row.state, ""))


@admin.register(Transfer)
class TransferAdmin(_BetweenPeopleAdmin):
    """Money on its way, paid, or back."""

    list_display = (
        "created_at", "shown_id", "customer", "recipient", "units_shown", "kind", "state_shown",
    )  # fmt: skip
    list_filter = ("kind", "state")
    search_fields = (
        *PEOPLE, "recipient__name", "recipient__user__email", "=sender_tag", "=recipient_tag",
        "note",
    )  # fmt: skip
    list_select_related = ("customer",)
    list_prefetch_related = ("recipient",)
    fields = (
        "shown_id", "customer", "sender_tag", "recipient", "recipient_tag", "units_shown",
        "usd_value", "kind", "state_shown", "note", "trade", "created_at", "expires_at", "tried_at",
        "ended_at",
    )  # fmt: skip


@admin.register(Request)
class RequestAdmin(_BetweenPeopleAdmin):
    """What people ask each other for."""

    list_display = ("created_at", "shown_id", "customer", "payer", "units_shown", "state_shown")
    list_filter = ("state",)
    search_fields = (
        *PEOPLE, "payer__name", "payer__user__email", "=requester_tag", "=payer_tag", "note",
    )  # fmt: skip
    list_select_related = ("customer",)
    list_prefetch_related = ("payer",)
    fields = (
        "shown_id", "customer", "requester_tag", "payer", "payer_tag", "units_shown",
        "state_shown", "note", "transfer", "created_at", "expires_at", "ended_at",
    )  # fmt: skip


@admin.register(PaymentLink)
class PaymentLinkAdmin(ReadOnlyAdmin):
    """Money set aside for whoever has a link; nobody here can open one."""

    list_display = ("shown_id", "customer", "transfer", "state_shown")
    list_filter = ("transfer__state",)
    search_fields = (*PEOPLE, "transfer__recipient__name", "transfer__note")
    list_select_related = ("customer", "transfer")
    ordering = ("-id",)
    fields = ("shown_id", "customer", "transfer", "state_shown")

    @admin.display(description="State", ordering="transfer__state")
    def state_shown(self, link: PaymentLink) -> SafeString:
        """Show what has become of its money."""
        return badge(link.transfer.state, TONES.get(link.transfer.state, ""))


@admin.register(SplitBill)
class SplitBillAdmin(ReadOnlyAdmin):
    """Bills that people share."""

    list_display = ("created_at", "shown_id", "customer", "units_shown", "people", "note")
    search_fields = (*PEOPLE, "=shares__tag", "note")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "units_shown", "own_shown", "people", "note", "created_at",
    )  # fmt: skip

    units_shown = amount_column("units", label="amount")
    own_shown = amount_column("own_units", label="their own share")

    def sections(self, row: SplitBill) -> Iterable[Section]:
        """Show everybody's share and what became of it."""
        shares = row.shares.select_related("request").order_by("position")
        yield Section(
            title="Shares",
            head=("Tag", "Amount", "State", "Request"),
            rows=[
                (
                    share.tag,
                    shown(share.units, row.currency),
                    share.request.state if share.request else share.failure,
                    link_to(share.request, share.request.shown_id if share.request else ""),
                )
                for share in shares
            ],
        )
