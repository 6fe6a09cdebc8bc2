"""Staff read quotes, and add fee schedules and quote policies."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fx.quotes.models import FeeSchedule, Quote, QuotePolicy
from krak.core.admin import ReadOnlyAdmin, amount_column


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    """Firm prices: what was offered, from which prices, and whether it was taken."""

    list_display = (
        "created_at", "shown_id", "customer", "source", "sell_shown", "buy_shown", "accepted_at",
    )  # fmt: skip
    list_filter = ("source", ("accepted_at", admin.EmptyFieldListFilter))
    search_fields = ("customer__name", "customer__user__email", "=sell_currency", "=buy_currency")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "customer", "source", "fixed", "sell_shown", "buy_shown", "fee_shown",
        "spread_shown", "rate", "usd_value", "home_shown", "created_at", "expires_at",
        "accepted_at", "fee_schedule", "policy", "board_version", "prices_shown",
    )  # fmt: skip

    sell_shown = amount_column("sell_units", currency="sell_currency", label="sells")
    buy_shown = amount_column("buy_units", currency="buy_currency", label="buys")
    fee_shown = amount_column("fee", currency="sell_currency")
    spread_shown = amount_column("spread", currency="sell_currency")
    home_shown = amount_column("home_value", currency="home_currency", label="worth at home")

    @admin.display(description="Prices")
    def prices_shown(self, quote: Quote) -> SafeString:
        """Show both legs as they stood on the board."""
        return format_html("<pre>{}</pre>", json.dumps(quote.prices, indent=2, sort_keys=True))


class _Dated(ReadOnlyAdmin):
    """Rows with a beginning: a change is a new row, never an edit."""

    ordering = ("-effective_at",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may add such rows add one."""
        names = self.model._meta  # noqa: SLF001 - documented by Django
        return request.user.has_perm(f"{names.app_label}.add_{names.model_name}")


@admin.register(FeeSchedule)
class FeeScheduleAdmin(_Dated):
    """What conversions cost."""

    list_display = ("effective_at", "fee_bps", "minimum_fee_usd", "free_with")
    fields = ("effective_at", "fee_bps", "minimum_fee_usd", "free_with")


@admin.register(QuotePolicy)
class QuotePolicyAdmin(_Dated):
    """How long quotes hold, and their limits."""

    list_display = (
        "effective_at", "valid_seconds", "minimum_usd", "maximum_usd", "daily_maximum_usd",
    )  # fmt: skip
    fields = list_display
