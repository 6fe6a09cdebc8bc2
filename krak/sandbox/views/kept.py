"""The sandbox's doors to what was kept instead of sent: mails and pushes."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from krak.sandbox.models import SandboxMail, SandboxPush
from krak.sandbox.views.base import SandboxView

MOST_KEPT: Final = 100


class MailSerializer(serializers.Serializer[SandboxMail]):
    """A mail that would have gone out."""

    to = serializers.ListField(child=serializers.EmailField())
    subject = serializers.CharField()
    text = serializers.CharField()
    sent_at = serializers.DateTimeField()


class MailsSerializer(serializers.Serializer[Any]):
    """The newest mails first, at most 100."""

    results = MailSerializer(many=True)


class Mails(SandboxView):
    """GET /v1/sandbox/mails?to=…"""

    @extend_schema(
        operation_id="sandbox_mails",
        parameters=[OpenApiParameter("to", str, description="an address; all if left out")],
        responses=MailsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the mails to an address, newest first."""
        found = SandboxMail.objects.order_by("-id")
        if to := request.query_params.get("to"):
            found = found.filter(to__contains=[to.lower()])
        return Response(MailsSerializer({"results": found[:MOST_KEPT]}).data)


class PushSerializer(serializers.Serializer[SandboxPush]):
    """A push that would have gone out."""

    token = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    payload = serializers.DictField(source="data", help_text="for the app")
    sent_at = serializers.DateTimeField()


class PushesSerializer(serializers.Serializer[Any]):
    """The newest pushes first, at most 100."""

    results = PushSerializer(many=True)


class Pushes(SandboxView):
    """GET /v1/sandbox/pushes?customer=…"""

    @extend_schema(
        operation_id="sandbox_pushes",
        parameters=[OpenApiParameter("customer", str, description="a customer; all if left out")],
        responses=PushesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the pushes to a customer's phones, newest first."""
        found = SandboxPush.objects.order_by("-id")
        if shown_id := request.query_params.get("customer"):
            found = found.filter(customer_id=self.customer(shown_id).id)
        return Response(PushesSerializer({"results": found[:MOST_KEPT]}).data)
