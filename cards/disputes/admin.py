"""Staff read disputes."""

from django.contrib import admin

from cards.disputes.models import Dispute
from krak.core.admin import ReadOnlyAdmin


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """What was said, and what moved for it."""

    list_display = (
        "created_at", "customer", "amount", "currency", "submitted_at", "reinstated_at", "lost_at",
        "credited", "from_suspense",
    )  # fmt: skip
    search_fields = ("stripe_id", "customer__name", "customer__user__email")
    list_select_related = ("customer",)
    ordering = ("-id",)
