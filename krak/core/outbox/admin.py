"""Staff see promised work, and send dead messages again."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest

from krak.core import clock
from krak.core.admin import ReadOnlyAdmin
from krak.core.outbox import services
from krak.core.outbox.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Pending, done and dead messages."""

    list_display = ("created_at", "topic", "attempts", "done_at", "dead_at", "last_error")
    list_filter = (
        "topic",
        ("dead_at", admin.EmptyFieldListFilter),
        ("done_at", admin.EmptyFieldListFilter),
    )
    ordering = ("-id",)
    actions = ("resend",)

    @admin.action(description="Send dead messages again", permissions=["view"])
    def resend(self, request: HttpRequest, messages: QuerySet[OutboxMessage]) -> None:
        """Give the chosen dead messages all their attempts again."""
        for message in messages:
            services.resend(message.id, now=clock.now())

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> Any:
        """Offer sending again to superusers only."""
        if not request.user.is_superuser:
            return {}
        return super().get_actions(request, action_location=action_location)
