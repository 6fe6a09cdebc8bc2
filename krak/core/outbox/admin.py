"""Staff see promised work, and send dead messages again, with a reason."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict

from krak.core import clock
from krak.core.admin import ReadOnlyAdmin, ReasonForm
from krak.core.outbox import services
from krak.core.outbox.models import OutboxMessage

MOST_AT_ONCE: Final = 500
"""As many ids as a form may well carry."""


class ResendForm(ReasonForm):
    """Why these messages are sent again; what was chosen in the list is carried along."""

    def __init__(self, data: QueryDict | None, *, chosen: list[UUID]) -> None:
        super().__init__(data)
        ids = [str(message_id) for message_id in chosen]
        self.fields["action"] = forms.CharField(initial="resend", widget=forms.HiddenInput())
        self.fields[ACTION_CHECKBOX_NAME] = forms.MultipleChoiceField(
            choices=[(each, each) for each in ids], initial=ids, widget=forms.MultipleHiddenInput()
        )


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
    def resend(self, request: HttpRequest, chosen: QuerySet[OutboxMessage]) -> HttpResponse | None:
        """Ask for a reason, then give the dead ones of the chosen all their attempts again."""
        dead = list(chosen.filter(dead_at__isnull=False).order_by("id")[:MOST_AT_ONCE])
        if not dead:
            messages.warning(request, "None of these is dead.")
            return None
        form = ResendForm(
            request.POST if "reason" in request.POST else None,
            chosen=[message.id for message in dead],
        )

        def do(data: dict[str, Any]) -> str:
            now = clock.now()
            sent = [services.resend(each.id, reason=data["reason"], now=now) for each in dead]
            return f"{sum(sent)} will be sent again."

        return self.ask(
            request, None, form,
            title=f"Send again: {len(dead)}", do=do, buttons=(("resend", "Send again"),),
        )  # fmt: skip

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> Any:
        """Offer sending again to superusers only."""
        if not request.user.is_superuser:
            return {}
        return super().get_actions(request, action_location=action_location)
