"""Staff read decisions: what was asked, what was there, what was sold, why or why not.

The page of a whole purchase is in `krak/backoffice/admin.py`: it shows what other features know.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cards.authorizations.models import Decision, StrayRequest
from krak.core.admin import ReadOnlyAdmin, Section, amount_column, badge, page_of, shown

_IN: Final = "authorization.currency"


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """One decision with its inputs and legs."""

    list_display = (
        "decided_at", "customer", "merchant", "answered", "reason", "asked_shown", "approved_shown",
        "held_shown",
    )  # fmt: skip
    list_filter = ("outcome", "reason")
    search_fields = ("authorization__stripe_id", "customer__name", "customer__user__email")
    list_select_related = ("customer", "authorization")
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "authorization", "decided_at", "answered", "story", "asked_shown",
        "approved_shown", "cash_shown", "held_shown", "step", "policy", "board_version",
        "book_version",
    )  # fmt: skip

    asked_shown = amount_column("asked", currency=_IN)
    approved_shown = amount_column("approved_amount", currency=_IN, label="approved")
    cash_shown = amount_column("cash_amount", currency=_IN, label="cash at a till or ATM")
    held_shown = amount_column("held", currency=_IN)

    def get_queryset(self, request: Any) -> Any:
        """Bring what every amount needs, its currency."""
        return super().get_queryset(request).select_related("customer", "authorization", "policy")

    @admin.display(description="Merchant")
    def merchant(self, decision: Decision) -> str:
        """Show where."""
        return decision.authorization.merchant_name

    @admin.display(description="Outcome", ordering="outcome")
    def answered(self, decision: Decision) -> SafeString:
        """Show the outcome in its colour."""
        return badge(decision.outcome)

    @admin.display(description="In short")
    def story(self, decision: Decision) -> str:
        """Say in a sentence what was decided and how it is paid."""
        currency = decision.authorization.currency
        if decision.reason:
            return f"{shown(decision.asked, currency)} refused: {decision.reason.replace('_', ' ')}"
        sold = [f"{s['units']} {s['currency']} for {s['proceeds']}" for s in decision.sales]
        how = f"sold {', '.join(sold)} {currency}" if sold else "paid from cash, nothing sold"
        return f"{shown(decision.held, currency)} set aside; {how}."

    def sections(self, decision: Decision) -> Iterable[Section]:
        """Show what was sold and what there was, each balance with its price at that moment."""
        currency = decision.authorization.currency
        yield Section(
            title="Sold for it",
            head=("Units", "Asset", f"Bid in {currency}", "Proceeds", "Our spread", "Venue", ""),
            rows=[
                (s["units"], s["currency"], s["bid"], s["proceeds"], s["spread"], s["venue"],
                 page_of("ledger.journalentry", s["entry"], "journal entry"))
                for s in decision.sales
            ],
        )  # fmt: skip
        prices = decision.inputs["prices"]
        balances = decision.inputs["snapshot"]["balances"]
        yield Section(
            title="What there was at the tap",
            head=("Asset", "Posted", "Held", f"Bid in {currency}", "Venue", "Source", "As of"),
            rows=[
                (code, shown(posted), shown(held), *_price(prices.get(code), own=code == currency))
                for code, (_account, posted, held) in sorted(balances.items())
            ],
        )
        yield Section(
            title="Word for word",
            note="The request, what was read to judge it, and the answer: a replay needs no more.",
            head=("Request", "Inputs", "Answer"),
            rows=[tuple(map(_pretty, (decision.request, decision.inputs, decision.answer)))],
        )


def _price(price: dict[str, Any] | None, *, own: bool) -> tuple[str, str, str, str]:
    if own:
        return ("the card's currency", "", "", "")
    if price is None:
        return ("no usable price", "", "", "")
    as_of = price["as_of"][:19].replace("T", " ")
    return (price["bid"], price["venue"], price["source"], as_of)


def _pretty(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return format_html('<pre style="max-height:32em;max-width:36em;overflow:auto">{}</pre>', text)


@admin.register(StrayRequest)
class StrayRequestAdmin(ReadOnlyAdmin):
    """Requests that were declined without a customer's book."""

    list_display = ("received_at", "reason", "stripe_id", "card_stripe_id", "step")
    list_filter = ("reason",)
    search_fields = ("stripe_id", "card_stripe_id")
    ordering = ("-id",)
    fields = (
        "id", "received_at", "reason", "stripe_id", "card_stripe_id", "step", "asked_of_us",
        "answer_of_ours",
    )  # fmt: skip

    @admin.display(description="Request")
    def asked_of_us(self, stray: StrayRequest) -> SafeString:
        """Show the request."""
        return _pretty(stray.request)

    @admin.display(description="Answer")
    def answer_of_ours(self, stray: StrayRequest) -> SafeString:
        """Show what was sent back."""
        return _pretty(stray.answer)
