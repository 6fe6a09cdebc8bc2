"""Staff see what customers were told."""

from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Notices."""

    list_display = ("created_at", "customer", "kind", "read_at")
    list_filter = ("kind",)
    search_fields = ("customer__user__email",)
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = ("shown_id", "customer", "kind", "facts", "created_at", "read_at")
