"""Tags: taking one, and whose one is."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.limits import throttle
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField
from krak.core import clock
from krak.core.limits import services as limits
from krak.core.limits.rules import Counted, Limit
from krak.core.transactions import transaction
from krak.customers import queries, services
from krak.customers.authentication import asking

LOOKS: Limit = Limit(60, 60)
"""Far more names than somebody types, far fewer than it takes to list everybody's."""


class WantedTagSerializer(StrictSerializer):
    """The tag that is wanted."""

    tag = serializers.CharField(max_length=100)


class TagSerializer(serializers.Serializer[Any]):
    """Who is paid by a tag; no more is told of them."""

    object = ConstantField("tag")
    tag = serializers.CharField()
    name = serializers.CharField()


class MyTag(APIView):
    """PUT /v1/me/tag"""

    throttle_classes = (throttle("tag", Limit(20, 3600)),)

    @extend_schema(
        operation_id="claim_tag",
        tags=["customer"],
        request=WantedTagSerializer,
        responses=TagSerializer,
    )
    def put(self, request: Request) -> Response:
        """Take a tag, or another one. The old one is kept from others for 90 days."""
        asked, customer = read_body(WantedTagSerializer, request), asking(request)
        with transaction():
            tag = services.claim_tag(customer_id=customer.id, text=asked["tag"], now=clock.now())
        return Response(TagSerializer({"tag": tag.tag, "name": customer.name}).data)


class OneTag(APIView):
    """GET /v1/tags/{tag}"""

    @extend_schema(operation_id="tag", tags=["customer"], responses=TagSerializer)
    def get(self, request: Request, tag: str) -> Response:
        """Return whom a payment to this tag would reach."""
        limits.take([Counted("tag:look", str(asking(request).id), LOOKS)])
        found = queries.customer_by_tag(tag)
        shown = queries.tag_of(customer_id=found.id)
        return Response(TagSerializer({"tag": shown, "name": found.name}).data)
