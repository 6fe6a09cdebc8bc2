"""The customer's inbox."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.paging import CursorPages, OwnRows
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField
from krak.core import clock
from krak.core.ids import MalformedId, read
from krak.core.transactions import transaction
from krak.customers.authentication import asking
from krak.notifications import kinds, queries, services
from krak.notifications.models import Notification

MOST_AT_ONCE: Final = 200


class NotificationSerializer(serializers.Serializer[Notification]):
    """A notice; more kinds may be added."""

    object = ConstantField("notification")
    id = IdField(Notification.PREFIX)
    sequence = serializers.IntegerField(
        help_text="1, 2, 3, … of this customer; the id of its event"
    )
    kind = serializers.CharField(help_text="authorization.approved, new_device, …")
    group = serializers.SerializerMethodField(help_text="what it is switched on and off with")
    title = serializers.SerializerMethodField(help_text="in English")
    text = serializers.SerializerMethodField(help_text="in English; may be empty")
    facts = serializers.DictField(help_text="what the app makes its own sentence of, by kind")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)

    def get_group(self, notice: Notification) -> str:
        """Return the group of its kind."""
        return kinds.kind_of(notice.kind).group

    def get_title(self, notice: Notification) -> str:
        """Return what happened."""
        return kinds.word(notice.kind, notice.facts).title

    def get_text(self, notice: Notification) -> str:
        """Return the sentence of its facts."""
        return kinds.word(notice.kind, notice.facts).text


class UnreadPages(CursorPages):
    """Pages that also say how many notices are unread in all."""

    def get_paginated_response(self, data: Any) -> Response:
        """Answer with one page and the count."""
        response = super().get_paginated_response(data)
        response.data["unread"] = self.unread
        return response

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Count, and cut the page."""
        self.unread = queries.unread(customer_id=queryset.customer_id)
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe one page."""
        described = super().get_paginated_response_schema(schema)
        described["required"] = [*described["required"], "unread"]
        described["properties"]["unread"] = {"type": "integer", "description": "of all pages"}
        return described


@extend_schema_view(get=extend_schema(operation_id="notifications", tags=["notifications"]))
class Notifications(ListAPIView[Notification]):
    """GET /v1/notifications"""

    serializer_class = NotificationSerializer
    pagination_class = UnreadPages

    def get_queryset(self) -> Any:
        """Return the notices to the customer who is asking."""
        return OwnRows(queries.notices, asking(self.request).id)


class ReadSerializer(StrictSerializer):
    """Which notices were read; all if left out."""

    ids = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=MOST_AT_ONCE
    )

    def validate_ids(self, value: list[str]) -> list[Any]:
        """Refuse what is no notice's id."""
        try:
            return [read(Notification.PREFIX, text) for text in value]
        except MalformedId:
            raise serializers.ValidationError("That is no notice.", code="malformed") from None


class ReadNotifications(APIView):
    """POST /v1/notifications/read"""

    @extend_schema(
        operation_id="read_notifications",
        tags=["notifications"],
        request=ReadSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """Mark notices read; again is harmless."""
        ids = read_body(ReadSerializer, request).get("ids")
        with transaction():
            services.mark_read(customer_id=asking(request).id, ids=ids, now=clock.now())
        return Response(status=204)
