"""Staff read what providers sent, word for word."""

from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.core.inbox.models import InboxEvent


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnlyAdmin):
    """Events as they came."""

    list_display = ("received_at", "provider", "type", "event_id", "waits_for", "processed_at")
    list_filter = (("processed_at", admin.EmptyFieldListFilter), "provider", "type")
    search_fields = ("event_id",)
    ordering = ("-id",)
