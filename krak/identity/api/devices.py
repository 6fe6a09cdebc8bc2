"""Where somebody is signed in."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.shapes import ConstantField, IdField
from krak.core import clock
from krak.core.transactions import transaction
from krak.identity import queries
from krak.identity.authentication import bearer_of
from krak.identity.models import Device
from krak.identity.queries import SignedIn
from krak.identity.services import devices


class DeviceSerializer(serializers.Serializer[SignedIn]):
    """A device that is signed in, or an access token that works."""

    object = ConstantField("device")
    id = IdField(Device.PREFIX)
    name = serializers.CharField(help_text="the app and the platform")
    platform = serializers.CharField(help_text="from the user agent; API for an access token")
    address = serializers.CharField(allow_null=True, help_text="when it last signed in")
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="to five minutes")
    current = serializers.BooleanField(help_text="the one that asks")


class DevicesSerializer(serializers.Serializer[dict[str, object]]):
    """All of them; there are never so many that they need pages."""

    results = DeviceSerializer(many=True)


class Devices(APIView):
    """GET /v1/devices"""

    @extend_schema(operation_id="devices", tags=["identity"], responses=DevicesSerializer)
    def get(self, request: Request) -> Response:
        """Return where the customer is signed in, newest first."""
        bearer = bearer_of(request)
        found = queries.signed_in(user_id=bearer.user.id, current=bearer.id, now=clock.now())
        return Response(DevicesSerializer({"results": found}).data)


class OneDevice(APIView):
    """DELETE /v1/devices/{id}"""

    @extend_schema(operation_id="end_device", tags=["identity"], responses={204: None})
    def delete(self, request: Request, shown_id: str) -> Response:
        """Sign a device out for good; its tokens are dead at once."""
        device_id = queries.device_id(shown_id)
        with transaction():
            devices.end(user_id=bearer_of(request).user.id, device_id=device_id, now=clock.now())
        return Response(status=204)
