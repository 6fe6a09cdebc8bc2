"""Staff read the books; nobody edits them."""

from django.contrib import admin
from django.utils.safestring import SafeString

from holdings.ledger.models import Hold, JournalEntry, LedgerAccount
from krak.core.admin import ReadOnlyAdmin, as_table
from krak.core.money import plain


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnlyAdmin):
    """Balances."""

    list_display = ("customer", "currency", "posted", "held", "overdraft")
    search_fields = ("customer__name", "customer__user__email", "currency")
    list_select_related = ("customer",)
    ordering = ("customer_id", "currency")


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """What happened, leg by leg."""

    list_display = ("created_at", "customer", "sequence", "kind", "cause")
    list_filter = ("kind",)
    search_fields = ("cause", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "id", "customer", "sequence", "kind", "cause", "event_at", "created_at", "postings",
        "details", "hash_hex", "previous_hash_hex",
    )  # fmt: skip

    @admin.display(description="Postings")
    def postings(self, entry: JournalEntry) -> SafeString:
        """Show each leg."""
        rows = [
            (p.leg, p.side, plain(p.amount), p.currency, p.house or "customer",
             "" if p.balance_after is None else plain(p.balance_after))
            for p in entry.postings.order_by("leg")
        ]  # fmt: skip
        return as_table(("", "Side", "Amount", "Currency", "Account", "Balance after"), rows)

    @admin.display(description="Hash")
    def hash_hex(self, entry: JournalEntry) -> str:
        """Show the hash as text."""
        return bytes(entry.hash).hex()

    @admin.display(description="Previous hash")
    def previous_hash_hex(self, entry: JournalEntry) -> str:
        """Show the hash before it as text."""
        return bytes(entry.previous_hash).hex()


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """What is set aside."""

    list_display = ("created_at", "customer", "reference", "amount", "updated_at")
    search_fields = ("reference", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
