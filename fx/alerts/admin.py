"""Staff see which prices customers wait for."""

from django.contrib import admin

from fx.alerts.models import PriceAlert
from krak.core.admin import ReadOnlyAdmin


@admin.register(PriceAlert)
class PriceAlertAdmin(ReadOnlyAdmin):
    """Price alerts."""

    list_display = (
        "shown_id", "customer", "asset", "direction", "price", "currency", "state", "fires",
        "fired_at", "created_at",
    )  # fmt: skip
    list_filter = ("direction",)
    search_fields = ("asset", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
