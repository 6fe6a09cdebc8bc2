"""Staff add rules of eligibility and read suitability checks."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from fx.eligibility.models import EligibilityRule, SuitabilityCheck
from krak.core.admin import ReadOnlyAdmin


@admin.register(EligibilityRule)
class EligibilityRuleAdmin(ReadOnlyAdmin):
    """Who may buy what: a change is a new row with its own beginning, never an edit."""

    list_display = ("asset_class", "country", "verdict", "effective_at", "reason")
    list_filter = ("asset_class", "verdict")
    search_fields = ("=country", "reason")
    ordering = ("asset_class", "country", "-effective_at")
    fields = ("asset_class", "country", "verdict", "effective_at", "reason")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let staff who may add rules add one."""
        return request.user.has_perm("eligibility.add_eligibilityrule")


@admin.register(SuitabilityCheck)
class SuitabilityCheckAdmin(ReadOnlyAdmin):
    """Who proved to understand what they buy."""

    list_display = ("checked_at", "customer", "asset_class", "passed", "valid_until")
    list_filter = ("asset_class", "passed")
    search_fields = ("customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
