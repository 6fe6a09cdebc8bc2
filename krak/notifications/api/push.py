"""Each phone's token with the push provider."""

from typing import Final

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.parsing import StrictSerializer, read_body
from krak.core import clock
from krak.core.transactions import transaction
from krak.identity.authentication import bearer_of
from krak.identity.queries import device_id
from krak.notifications import services

LONGEST_TOKEN: Final = 400


class PushTokenSerializer(StrictSerializer):
    """What the phone's system gave the app."""

    token = serializers.RegexField(r"^[\x21-\x7e]+$", max_length=LONGEST_TOKEN)


class DevicePushToken(APIView):
    """PUT, DELETE /v1/devices/{id}/push-token"""

    @extend_schema(
        operation_id="keep_push_token",
        tags=["notifications"],
        request=PushTokenSerializer,
        responses={204: None},
        examples=[
            OpenApiExample(
                "token", request_only=True, value={"token": "fcm-dQw4w9WgXcQ:APA91bHun4MxP5egoK"}
            )
        ],
    )
    def put(self, request: Request, shown_id: str) -> Response:
        """Send pushes to a device that is signed in; the newest token counts."""
        token = read_body(PushTokenSerializer, request)["token"]
        user = bearer_of(request).user
        with transaction():
            services.keep_push_token(
                device_id=device_id(shown_id), user=user, token=token, now=clock.now()
            )
        return Response(status=204)

    @extend_schema(
        operation_id="drop_push_token", tags=["notifications"], request=None, responses={204: None}
    )
    def delete(self, request: Request, shown_id: str) -> Response:
        """Send no more pushes to a device; again is harmless."""
        with transaction():
            services.drop_push_token(device_id=device_id(shown_id), user=bearer_of(request).user)
        return Response(status=204)
