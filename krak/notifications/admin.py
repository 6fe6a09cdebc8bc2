"""Staff see what customers were told."""

from django.contrib import admin

from krak.core.admin import ReadOnlyAdmin
from krak.notifications.models import Delivery, Notification, Preference, PushToken


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """Notices."""

    list_display = ("created_at", "customer", "sequence", "kind", "read_at")
    list_filter = ("kind",)
    search_fields = ("customer__user__email",)
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = ("shown_id", "customer", "sequence", "kind", "facts", "created_at", "read_at")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What went out, and what could not."""

    list_display = ("created_at", "customer", "channel", "state", "attempts", "last_error")
    list_filter = ("channel", "state")
    search_fields = ("customer__user__email",)
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = (
        "customer", "notification", "channel", "target", "state", "attempts", "last_error",
        "created_at", "sent_at",
    )  # fmt: skip


@admin.register(PushToken)
class PushTokenAdmin(ReadOnlyAdmin):
    """Which devices get pushes; the tokens themselves are nobody's business."""

    list_display = ("customer", "device", "created_at")
    search_fields = ("customer__user__email",)
    list_select_related = ("customer", "device")
    ordering = ("-id",)
    fields = ("customer", "device", "created_at")


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    """What customers want to hear of, and where."""

    list_display = ("customer", "group", "kind", "channel", "enabled")
    list_filter = ("group", "kind", "channel", "enabled")
    search_fields = ("customer__user__email",)
    list_select_related = ("customer",)
    ordering = ("-id",)
    fields = ("customer", "group", "kind", "channel", "enabled")
