"""Staff read what has cleared."""

from django.contrib import admin

from cards.clearing.models import CardTransaction
from krak.core.admin import ReadOnlyAdmin


@admin.register(CardTransaction)
class CardTransactionAdmin(ReadOnlyAdmin):
    """Captures and refunds."""

    list_display = ("event_at", "customer", "kind", "merchant_name", "amount", "currency", "flags")
    list_filter = ("kind",)
    search_fields = ("stripe_id", "merchant_name", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
