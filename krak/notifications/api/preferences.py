"""Where the customer's notices go."""

from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, LivemodeField
from krak.core.transactions import transaction
from krak.customers.authentication import asking
from krak.notifications import queries, services
from krak.notifications.kinds import GROUPS, Channel, Group

_EXAMPLE: Final = OpenApiExample(
    "preferences",
    response_only=True,
    value={
        "object": "notification_preferences",
        "groups": [
            {
                "group": "card", "name": "Card purchases", "can_be_switched_off": True,
                "channels": {"email": False, "push": True},
            },
            {
                "group": "security", "name": "Security", "can_be_switched_off": False,
                "channels": {"email": True, "push": True},
            },
        ],
        "livemode": False,
    },
)  # fmt: skip
_CHANGE: Final = OpenApiExample(
    "change",
    request_only=True,
    value={"groups": [{"group": "card", "channels": {"email": True, "push": False}}]},
)


class NotificationChannelsSerializer(serializers.Serializer[Any]):
    """Which channels notices take; they always stay in the inbox, too."""

    email = serializers.BooleanField()
    push = serializers.BooleanField()


class NotificationGroupSerializer(serializers.Serializer[Any]):
    """A group of notices; more may be added."""

    group = serializers.CharField(help_text="card, cashback, payments, money, …")
    name = serializers.CharField(help_text="in English")
    can_be_switched_off = serializers.BooleanField()
    channels = NotificationChannelsSerializer()


class NotificationPreferencesSerializer(serializers.Serializer[Any]):
    """Where the notices of each group go."""

    object = ConstantField("notification_preferences")
    groups = NotificationGroupSerializer(many=True)
    livemode = LivemodeField()


class ChangedChannelsSerializer(StrictSerializer):
    """What is to change; a channel that is left out stays as it is."""

    email = serializers.BooleanField(required=False)
    push = serializers.BooleanField(required=False)


class ChangedGroupSerializer(StrictSerializer):
    """A group and its channels."""

    group = serializers.ChoiceField(choices=[str(group) for group in Group])
    channels = ChangedChannelsSerializer()


class ChangedNotificationPreferencesSerializer(StrictSerializer):
    """The groups that change; those left out stay as they are."""

    groups = serializers.ListField(
        child=ChangedGroupSerializer(), min_length=1, max_length=len(Group)
    )

    def validate_groups(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Refuse a group that is named twice."""
        if len({each["group"] for each in value}) != len(value):
            raise serializers.ValidationError("A group is named once.", code="repeated")
        return value


class NotificationPreferences(APIView):
    """GET, PUT /v1/notification-preferences"""

    @extend_schema(
        operation_id="notification_preferences",
        tags=["notifications"],
        responses=NotificationPreferencesSerializer,
        examples=[_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Return where the customer's notices go."""
        return Response(_answer(request))

    @extend_schema(
        operation_id="change_notification_preferences",
        tags=["notifications"],
        request=ChangedNotificationPreferencesSerializer,
        responses=NotificationPreferencesSerializer,
        examples=[_CHANGE, _EXAMPLE],
    )
    def put(self, request: Request) -> Response:
        """Switch channels on or off; again is harmless. Security notices stay on."""
        wanted = read_body(ChangedNotificationPreferencesSerializer, request)["groups"]
        with transaction():
            services.switch(
                customer_id=asking(request).id,
                wanted={Group(each["group"]): _channels(each["channels"]) for each in wanted},
            )
        return Response(_answer(request))


def _channels(said: Mapping[str, bool]) -> dict[Channel, bool]:
    return {Channel(name.upper()): enabled for name, enabled in said.items()}


def _answer(request: Request) -> Any:
    found = queries.preferences_of(customer_id=asking(request).id)
    groups = [
        {
            "group": str(group),
            "name": GROUPS[group].name,
            "can_be_switched_off": GROUPS[group].switchable,
            "channels": {channel.lower(): enabled for channel, enabled in taken.items()},
        }
        for group, taken in found.items()
    ]
    return NotificationPreferencesSerializer({"groups": groups}).data
