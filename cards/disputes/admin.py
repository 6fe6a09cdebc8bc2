"""Staff read disputes."""

from django.contrib import admin

from cards.disputes.models import Dispute
from krak.core.admin import ReadOnlyAdmin


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """What was said, and what moved for it."""

    list_display = (
        "created_at", "customer", "amount", "currency", "status", "reason", "deadline_at",
        "submitted_at", "credited", "from_suspense",
    )  # fmt: skip
    list_filter = ("reason",)
    search_fields = ("stripe_id", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
