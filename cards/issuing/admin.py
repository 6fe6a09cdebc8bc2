"""Staff read cards and add policies."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from cards.issuing import queries
from cards.issuing.models import (
    Card,
    Cardholder,
    Policy,
    SecretAccess,
    SpendingProfile,
    WalletToken,
)
from cards.issuing.policies import columns_of
from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, Section, amount_column, badge, link_to


def _told(row: Card | Cardholder) -> SafeString:
    """Show whether Stripe knows what we want."""
    if row.refusal:
        return badge("refused", "bad")
    known = row.revision == row.told_revision
    return badge("told", "good") if known else badge("being told", "odd")


@admin.register(Card)
class CardAdmin(ReadOnlyAdmin):
    """Cards, by owner, last digits or Stripe's id."""

    list_display = (
        "shown_id",
        "customer",
        "type",
        "last4",
        "currency",
        "state",
        "at_stripe",
        "stripe_id",
        "created_at",
    )
    list_filter = ("status", "type", "currency")
    search_fields = ("last4", "stripe_id", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-created_at",)
    fields = (
        "shown_id", "customer", "cardholder", "type", "last4", "currency", "state", "end_reason",
        "expires_on", "replaces", "stripe_id", "at_stripe", "told_at", "refusal", "livemode",
        "shipping_status", "pin_set_at", "purchase_limit_shown", "daily_limit_shown",
        "monthly_limit_shown", "atm_enabled", "online_enabled", "blocked_countries",
        "blocked_mccs", "created_at",
    )  # fmt: skip

    purchase_limit_shown = amount_column("purchase_limit")
    daily_limit_shown = amount_column("daily_limit")
    monthly_limit_shown = amount_column("monthly_limit")

    @admin.display(description="Status", ordering="status")
    def state(self, card: Card) -> SafeString:
        """Show the status in its colour."""
        return badge(card.status)

    @admin.display(description="At Stripe")
    def at_stripe(self, card: Card) -> SafeString:
        """Show whether Stripe knows what is wanted of the card."""
        return _told(card)

    def sections(self, card: Card) -> Iterable[Section]:
        """Show the wallets it is in, and who asked for its secrets."""
        yield Section(
            title="Wallets",
            head=("Since", "Wallet", "Network", "Status"),
            rows=[
                (token.created_at, link_to(token, token.wallet_provider), token.network,
                 token.status)
                for token in card.wallet_tokens.order_by("-id")
            ],
        )  # fmt: skip
        yield Section(
            title="Secrets asked for",
            note="The number, the CVC and the PIN pass between the app and Stripe; we see none.",
            head=("When", "Why"),
            rows=[
                (access.asked_at, access.get_purpose_display())
                for access in SecretAccess.objects.filter(card=card).order_by("-id")[:20]
            ],
        )


@admin.register(Cardholder)
class CardholderAdmin(ReadOnlyAdmin):
    """Who cards are issued to."""

    list_display = ("customer", "first_name", "last_name", "stripe_id", "at_stripe", "missing")
    search_fields = ("stripe_id", "first_name", "last_name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-created_at",)
    fields = (
        "shown_id", "customer", "first_name", "last_name", "phone_number", "address", "missing",
        "terms_accepted_at", "stripe_id", "at_stripe", "told_at", "refusal", "created_at",
    )  # fmt: skip

    @admin.display(description="At Stripe")
    def at_stripe(self, holder: Cardholder) -> SafeString:
        """Show whether Stripe knows who it is."""
        return _told(holder)

    @admin.display(description="Stripe still wants")
    def missing(self, holder: Cardholder) -> str:
        """Show what is past due."""
        return ", ".join(holder.requirements)


@admin.register(WalletToken)
class WalletTokenAdmin(ReadOnlyAdmin):
    """Cards in wallets."""

    list_display = ("created_at", "customer", "card", "wallet_provider", "network", "status")
    list_filter = ("wallet_provider", "status")
    search_fields = ("stripe_id", "customer__user__email")
    list_select_related = ("customer", "card")
    ordering = ("-id",)


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
        """Begin with what is in force for everybody."""
        now = clock.now()
        columns = columns_of(queries.policy_in_force(customer_id=None, currency="", at=now))
        return {
            name: ",".join(value) if isinstance(value, list) else value
            for name, value in columns.items()
        }
