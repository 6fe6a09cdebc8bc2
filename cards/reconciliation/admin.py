"""Staff read what each comparison with Stripe found."""

from django.contrib import admin

from cards.reconciliation.models import Run
from krak.core.admin import ReadOnlyAdmin


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Comparisons; what they could not explain is in the cases."""

    list_display = (
        "started_at", "finished_at", "since", "transactions", "authorizations", "disputes",
        "repaired", "unexplained",
    )  # fmt: skip
    ordering = ("-id",)
