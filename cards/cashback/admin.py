"""Staff read rewards."""

from collections.abc import Iterable

from django.contrib import admin

from cards.cashback.models import Grant
from krak.core.admin import ReadOnlyAdmin, Section, amount_column, page_of, shown


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    """Rewards paid, and what is left of them after claw-backs."""

    list_display = ("granted_at", "customer", "value_shown", "left_shown", "units_shown", "group")
    list_filter = ("asset",)
    search_fields = ("group", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "id", "customer", "granted_at", "group", "number", "value_shown", "left_shown",
        "units_shown", "units_left_shown", "entry",
    )  # fmt: skip

    value_shown = amount_column("value")
    left_shown = amount_column("value_left", label="left after claw-backs")
    units_shown = amount_column("units", currency="asset", label="paid as")
    units_left_shown = amount_column("units_left", currency="asset", label="of it left")

    def sections(self, grant: Grant) -> Iterable[Section]:
        """Show what was taken back."""
        yield Section(
            title="Taken back",
            head=("When", "Value", "In units", "In cash", ""),
            rows=[
                (back.taken_at, shown(back.value, grant.currency), shown(back.units, grant.asset),
                 shown(back.cash, grant.currency),
                 page_of("ledger.journalentry", back.entry_id, "journal entry"))
                for back in grant.claw_backs.order_by("id")
            ],
        )  # fmt: skip
