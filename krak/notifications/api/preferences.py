"""Where the customer's notices go."""

from collections.abc import Callable, Mapping
from functools import partial
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
from krak.notifications.kinds import GROUPS, KINDS, Channel, Group
from krak.notifications.rules import Choice, Source

_EXAMPLE: Final = OpenApiExample(
    "preferences",
    response_only=True,
    value={
        "object": "notification_preferences",
        "groups": [
            {
                "group": "card", "name": "Card purchases", "can_be_switched_off": True,
                "channels": {"email": True, "push": True},
                "sources": {"email": "group", "push": "default"},
            },
            {
                "group": "security", "name": "Security", "can_be_switched_off": False,
                "channels": {"email": True, "push": True},
                "sources": {"email": "default", "push": "default"},
            },
        ],
        "kinds": [
            {
                "kind": "purchase.cleared", "group": "card", "name": "Purchase settled",
                "can_be_switched_off": True,
                "channels": {"email": True, "push": False},
                "sources": {"email": "group", "push": "kind"},
            },
        ],
        "livemode": False,
    },
)  # fmt: skip
_CHANGES: Final = OpenApiExample(
    "change",
    request_only=True,
    value={"groups": [{"group": "card", "channels": {"email": True, "push": False}}]},
)
_CHANGED_KIND: Final = OpenApiExample(
    "one kind",
    request_only=True,
    value={"kind": "purchase.cleared", "channels": {"email": None, "push": False}},
)
_CHANGED_GROUP: Final = OpenApiExample(
    "one group", request_only=True, value={"group": "card", "channels": {"email": True}}
)


class NotificationChannelsSerializer(serializers.Serializer[Any]):
    """Which channels notices take; they always stay in the inbox, too."""

    email = serializers.BooleanField()
    push = serializers.BooleanField()


class NotificationSourcesSerializer(serializers.Serializer[Any]):
    """Who says so of each channel: the customer of the kind or of its group, or our defaults."""

    email = serializers.ChoiceField(choices=[str(source) for source in Source])
    push = serializers.ChoiceField(choices=[str(source) for source in Source])


class NotificationGroupSerializer(serializers.Serializer[Any]):
    """A group of notices; more may be added."""

    group = serializers.CharField(help_text="card, cashback, payments, money, …")
    name = serializers.CharField(help_text="in English")
    can_be_switched_off = serializers.BooleanField()
    channels = NotificationChannelsSerializer()
    sources = NotificationSourcesSerializer()


class NotificationKindSerializer(serializers.Serializer[Any]):
    """A kind of notice, which follows its group until it has its own setting; more may be added."""

    kind = serializers.CharField(help_text="purchase.cleared, new_device, …")
    group = serializers.CharField(help_text="card, cashback, payments, money, …")
    name = serializers.CharField(help_text="in English")
    can_be_switched_off = serializers.BooleanField()
    channels = NotificationChannelsSerializer()
    sources = NotificationSourcesSerializer()


class NotificationPreferencesSerializer(serializers.Serializer[Any]):
    """Where the notices of each group and of each kind go, as things stand."""

    object = ConstantField("notification_preferences")
    groups = NotificationGroupSerializer(many=True)
    kinds = NotificationKindSerializer(many=True)
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


class ChosenChannelsSerializer(StrictSerializer):
    """What is to change; null takes back what the customer said, left out it stays as it is."""

    email = serializers.BooleanField(required=False, allow_null=True)
    push = serializers.BooleanField(required=False, allow_null=True)


class ChangedNotificationPreferenceSerializer(StrictSerializer):
    """One kind or one group, and what changes of it."""

    kind = serializers.ChoiceField(choices=list(KINDS), required=False)
    group = serializers.ChoiceField(choices=[str(group) for group in Group], required=False)
    channels = ChosenChannelsSerializer()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both, and neither."""
        if ("kind" in attrs) == ("group" in attrs):
            raise serializers.ValidationError(
                {"kind": ["Name either a kind or a group."]}, code="one_of_two"
            )
        return attrs


class NotificationPreferences(APIView):
    """GET, PUT, PATCH /v1/notification-preferences"""

    @extend_schema(
        operation_id="notification_preferences",
        tags=["notifications"],
        responses=NotificationPreferencesSerializer,
        examples=[_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        """Return where the customer's notices go, and who says so."""
        return Response(_answer(request))

    @extend_schema(
        operation_id="change_notification_preferences",
        tags=["notifications"],
        request=ChangedNotificationPreferencesSerializer,
        responses=NotificationPreferencesSerializer,
        examples=[_CHANGES, _EXAMPLE],
    )
    def put(self, request: Request) -> Response:
        """Switch channels of groups on or off; again is harmless. Security notices stay on."""
        wanted = read_body(ChangedNotificationPreferencesSerializer, request)["groups"]
        with transaction():
            for each in wanted:
                services.switch(
                    customer_id=asking(request).id,
                    about=Group(each["group"]),
                    wanted=_channels(each["channels"]),
                )
        return Response(_answer(request))

    @extend_schema(
        operation_id="change_notification_preference",
        tags=["notifications"],
        request=ChangedNotificationPreferenceSerializer,
        responses=NotificationPreferencesSerializer,
        examples=[_CHANGED_KIND, _CHANGED_GROUP, _EXAMPLE],
    )
    def patch(self, request: Request) -> Response:
        """Switch channels of one kind or one group on, off, or back to what they follow.

        A kind follows its group, and a group the defaults, on each channel until it has its own
        setting. Security notices stay on.
        """
        wanted = read_body(ChangedNotificationPreferenceSerializer, request)
        about = KINDS[wanted["kind"]] if "kind" in wanted else Group(wanted["group"])
        with transaction():
            services.switch(
                customer_id=asking(request).id,
                about=about,
                wanted=_channels(wanted["channels"]),
            )
        return Response(_answer(request))


def _channels[T](said: Mapping[str, T]) -> dict[Channel, T]:
    return {Channel(name.upper()): wanted for name, wanted in said.items()}


def _answer(request: Request) -> Any:
    customer_id = asking(request).id
    wishes = queries.wishes_of([customer_id])[customer_id]
    groups = [
        {"group": str(group), "name": terms.name} | _shown(group, partial(wishes.of_group, group))
        for group, terms in GROUPS.items()
    ]
    kinds = [
        {"kind": kind.name, "group": str(kind.group), "name": kind.title}
        | _shown(kind.group, partial(wishes.of_kind, kind))
        for kind in KINDS.values()
    ]
    return NotificationPreferencesSerializer({"groups": groups, "kinds": kinds}).data


def _shown(group: Group, choice: Callable[[Channel], Choice]) -> dict[str, Any]:
    chosen = {channel.lower(): choice(channel) for channel in Channel}
    return {
        "can_be_switched_off": GROUPS[group].switchable,
        "channels": {channel: each.enabled for channel, each in chosen.items()},
        "sources": {channel: str(each.source) for channel, each in chosen.items()},
    }
