"""Staff read rewards."""

from django.contrib import admin

from cards.cashback.models import Grant
from krak.core.admin import ReadOnlyAdmin


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """Rewards paid, and what is left of them after claw-backs."""

    list_display = ("granted_at", "customer", "value", "value_left", "currency", "units", "asset")
    list_filter = ("asset",)
    search_fields = ("group", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
