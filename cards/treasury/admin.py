"""Staff see the float, and add rules for it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cards.treasury.models import FloatReading, FloatRule, TopUp
from krak.core.admin import ReadOnlyAdmin, amount_column


@admin.register(FloatRule)
class FloatRuleAdmin(ReadOnlyAdmin):
    """Bounds of the float: a change is a new row with its own beginning."""

    audited = ("treasury_floatrule",)
    list_display = ("currency", "effective_at", "floor_shown", "target_shown")
    ordering = ("currency", "-effective_at")
    fields = (
        "currency", "effective_at", "floor", "target", "most_per_top_up", "most_per_day",
    )  # fmt: skip

    floor_shown = amount_column("floor")
    target_shown = amount_column("target")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may add rules add one."""
        return request.user.has_perm("treasury.add_floatrule")


@admin.register(FloatReading)
class FloatReadingAdmin(ReadOnlyAdmin):
    """What lay at Stripe."""

    list_display = ("read_at", "currency", "available_shown", "on_its_way_shown")
    list_filter = ("currency",)
    ordering = ("-id",)

    available_shown = amount_column("available")
    on_its_way_shown = amount_column("on_its_way")


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin):
    """What was sent there."""

    list_display = ("intended_at", "amount_shown", "state", "stripe_id", "failure", "ended_at")
    list_filter = ("state", "currency")
    search_fields = ("stripe_id",)
    ordering = ("-id",)

    amount_shown = amount_column("amount")
