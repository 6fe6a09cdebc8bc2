"""Staff read what has cleared."""

from django.contrib import admin

from cards.clearing.models import CardTransaction
from krak.core.admin import ReadOnlyAdmin, amount_column


@admin.register(CardTransaction)
class CardTransactionAdmin(ReadOnlyAdmin):
    """Captures and refunds."""

    list_display = ("event_at", "customer", "kind", "merchant_name", "amount_shown", "flag_list")
    list_filter = ("kind",)
    search_fields = ("stripe_id", "merchant_name", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "shown_id", "stripe_id", "customer", "card", "authorization", "entry", "kind",
        "amount_shown", "unrewarded_shown", "merchant_name", "mcc", "merchant_network_id",
        "merchant_currency", "merchant_amount_minor", "group", "flag_list", "event_at",
        "created_at",
    )  # fmt: skip

    amount_shown = amount_column("amount")
    unrewarded_shown = amount_column("unrewarded", label="earns no reward")

    @admin.display(description="Flags")
    def flag_list(self, transaction: CardTransaction) -> str:
        """Show the flags as words."""
        return ", ".join(transaction.flags)
