"""Staff read decisions: what was asked, what was there, what was sold, why or why not."""

import json
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cards.authorizations.models import Authorization, Decision, StrayRequest
from krak.core.admin import ReadOnlyAdmin, as_table
from krak.core.money import plain


@admin.register(Authorization)
class AuthorizationAdmin(ReadOnlyAdmin):
    """Authorizations with the decisions on them."""

    list_display = (
        "created_at", "customer", "merchant_name", "amount", "currency", "status", "approved",
        "captured", "flags",
    )  # fmt: skip
    list_filter = ("status", "approved")
    search_fields = ("stripe_id", "merchant_name", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "stripe_id", "customer", "card", "merchant_name", "mcc", "merchant_country",
        "amount", "currency", "status", "approved", "captured", "flags", "decisions",
        "created_at", "updated_at",
    )  # fmt: skip

    @admin.display(description="Decisions")
    def decisions(self, authorization: Authorization) -> SafeString:
        """List each step's decision."""
        rows = [
            (d.step, d.outcome, d.reason, plain(d.asked), plain(d.approved_amount), plain(d.held),
             format_html('<a href="../../../decision/{}/change/">{}</a>', d.pk, d.shown_id))
            for d in authorization.decisions.order_by("step")
        ]  # fmt: skip
        head = ("Step", "Outcome", "Reason", "Asked", "Approved", "Held", "Decision")
        return as_table(head, rows)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """One decision with its inputs and legs."""

    list_display = (
        "decided_at",
        "customer",
        "outcome",
        "reason",
        "asked",
        "approved_amount",
        "held",
    )
    list_filter = ("outcome", "reason")
    search_fields = ("authorization__stripe_id", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "authorization", "step", "decided_at", "outcome", "reason",
        "asked", "approved_amount", "cash_amount", "held", "sold", "worth", "policy",
        "board_version", "book_version", "asked_of_us", "read_by_us", "answer",
    )  # fmt: skip

    @admin.display(description="Sold")
    def sold(self, decision: Decision) -> SafeString:
        """Show what was sold, where and for how much."""
        rows = [
            (s["units"], s["currency"], s["bid"], s["proceeds"], s["spread"], s["venue"],
             format_html('<a href="/admin/ledger/journalentry/{}/change/">entry</a>', s["entry"]))
            for s in decision.sales
        ]  # fmt: skip
        return as_table(("Units", "Asset", "Bid", "Proceeds", "Spread", "Venue", ""), rows)

    @admin.display(description="What was there")
    def worth(self, decision: Decision) -> SafeString:
        """Show each balance with its price at that moment."""
        prices = decision.inputs["prices"]
        nothing: dict[str, Any] = {}
        rows = [
            (code, posted, held, prices.get(code, nothing).get("bid", "no usable price"),
             prices.get(code, nothing).get("venue", ""), prices.get(code, nothing).get("as_of", ""))
            for code, (_account, posted, held) in decision.inputs["snapshot"]["balances"].items()
        ]  # fmt: skip
        return as_table(("Currency", "Posted", "Held", "Bid", "Venue", "As of"), rows)

    @admin.display(description="Request")
    def asked_of_us(self, decision: Decision) -> SafeString:
        """Show the request."""
        return _pretty(decision.request)

    @admin.display(description="Inputs")
    def read_by_us(self, decision: Decision) -> SafeString:
        """Show the snapshot and the prices."""
        return _pretty(decision.inputs)


def _pretty(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, sort_keys=True)
    return format_html('<pre style="max-height:32em;overflow:auto">{}</pre>', text)


@admin.register(StrayRequest)
class StrayRequestAdmin(ReadOnlyAdmin):
    """Requests that were declined without a customer's book."""

    list_display = ("received_at", "reason", "stripe_id", "card_stripe_id", "step")
    list_filter = ("reason",)
    search_fields = ("stripe_id", "card_stripe_id")
    ordering = ("-id",)
