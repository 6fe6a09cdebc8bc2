"""Staff read cards and add policies."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from cards.issuing.models import Card, Policy, SpendingProfile
from cards.issuing.policies import FirstPolicy
from krak.core.admin import ReadOnlyAdmin, amount_column, badge


@admin.register(Card)
class CardAdmin(ReadOnlyAdmin):
    """Cards, by owner, last digits or Stripe's id."""

    list_display = (
        "shown_id",
        "customer",
        "last4",
        "currency",
        "state",
        "stripe_id",
        "created_at",
    )
    list_filter = ("status", "currency")
    search_fields = ("last4", "stripe_id", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-created_at",)
    fields = (
        "shown_id", "customer", "last4", "currency", "state", "stripe_id", "cardholder_stripe_id",
        "livemode", "replaces", "created_at",
    )  # fmt: skip

    @admin.display(description="Status", ordering="status")
    def state(self, card: Card) -> SafeString:
        """Show the status in its colour."""
        return badge(card.status)


@admin.register(SpendingProfile)
class SpendingProfileAdmin(ReadOnlyAdmin):
    """How customers pay."""

    audited = ("issuing_spendingprofile",)
    list_display = ("customer", "spend_order", "excluded", "cashback_asset")
    search_fields = ("customer__name", "customer__user__email")
    list_select_related = ("customer",)


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    """Policies: a change is a new row with its own beginning, never an edit."""

    audited = ("issuing_policy",)
    list_display = ("effective_at", "scope", "customer", "daily_shown", "cash_daily_shown")
    list_filter = ("currency",)
    list_select_related = ("customer",)
    ordering = ("-effective_at",)
    fields = (
        "currency", "effective_at", "partial_minimum", "minimum_conversion", "daily_limit",
        "cash_daily_limit", "fx_buffer_bps", "cash_enabled", "sell_at_capture",
        "provisional_credit", "cashback_bps", "blocked_mccs", "cash_mccs", "unrewarded_mccs",
        "haircuts",
    )  # fmt: skip

    daily_shown = amount_column("daily_limit")
    cash_daily_shown = amount_column("cash_daily_limit")

    @admin.display(description="Currency", ordering="currency")
    def scope(self, policy: Policy) -> str:
        """Show the currency it is for."""
        return policy.currency or "any"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may add policies add one."""
        return request.user.has_perm("issuing.add_policy")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the first policy's values."""
        columns = FirstPolicy().columns()
        return {
            name: ",".join(value) if isinstance(value, list) else value
            for name, value in columns.items()
        }
