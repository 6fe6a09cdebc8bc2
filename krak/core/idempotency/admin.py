"""Staff see which keys were used and what was answered."""

from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.core.idempotency.models import KeptAnswer


@admin.register(KeptAnswer)
class KeptAnswerAdmin(ReadOnlyAdmin):
    """Answers as they went out."""

    list_display = ("created_at", "key", "owner", "status")
    search_fields = ("key", "owner")
    ordering = ("-id",)
    fields = ("owner", "key", "status", "body", "created_at", "finished_at")
