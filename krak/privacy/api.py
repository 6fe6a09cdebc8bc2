"""GET, POST /v1/me/erasure: what stands in the way of being forgotten, and being forgotten."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from holdings.ledger import services as ledger
from krak.api.idempotency import key_parameter, once
from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.core import clock, personal
from krak.customers.authentication import asking
from krak.identity.guard import STEP_UP_PARAMETER, requires_step_up
from krak.privacy import services
from krak.privacy.models import Erasure

_OBSTACLE: Final = {
    "code": "money_left", "detail": "There is money or there are holdings left; send them out.",
    "next": "/v1/balances", "facts": {"currencies": ["USD"]},
}  # fmt: skip


class ObstacleSerializer(serializers.Serializer[dict[str, Any]]):
    """Something that stands in the way; more codes may be added."""

    code = serializers.CharField()
    detail = serializers.CharField(help_text="what to do about it")
    next = serializers.CharField(help_text="where")
    facts = serializers.DictField()


class KeptSerializer(serializers.Serializer[dict[str, Any]]):
    """What outlives an erasure."""

    what = serializers.CharField()
    why = serializers.CharField()


class ErasurePreviewSerializer(serializers.Serializer[dict[str, Any]]):
    """What an erasure would meet, and what it would leave."""

    object = ConstantField("erasure_preview")
    possible = serializers.BooleanField()
    obstacles = ObstacleSerializer(many=True)
    kept = KeptSerializer(many=True)
    livemode = LivemodeField()


class ErasureSerializer(serializers.Serializer[Erasure]):
    """That a customer was erased. They are signed out everywhere; nobody can undo it."""

    object = ConstantField("erasure")
    id = IdField(Erasure.PREFIX)
    erased_at = serializers.DateTimeField()
    livemode = LivemodeField()


class MyErasure(APIView):
    """GET, POST /v1/me/erasure"""

    @extend_schema(
        operation_id="erasure_preview",
        tags=["privacy"],
        responses=ErasurePreviewSerializer,
        examples=[
            OpenApiExample(
                "not yet",
                response_only=True,
                value={
                    "object": "erasure_preview", "possible": False, "obstacles": [_OBSTACLE],
                    "kept": [{"what": "ledger.JournalEntry", "why": "books"}], "livemode": False,
                },
            )
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Say what stands in the way of an erasure, and what it would leave."""
        found = personal.obstacles(asking(request).id)
        preview = {
            "possible": not found,
            "obstacles": [services.shown(each) for each in found],
            "kept": services.kept(),
        }
        return Response(ErasurePreviewSerializer(preview).data)

    @extend_schema(
        operation_id="erase_me",
        tags=["privacy"],
        request=None,
        responses={201: ErasureSerializer},
        parameters=[key_parameter(required=True), STEP_UP_PARAMETER],
        examples=[
            OpenApiExample(
                "erased",
                response_only=True,
                value={
                    "object": "erasure", "id": "ers_01m8hw7k1yf1p8m4dq0x2n5v3c",
                    "erased_at": "2026-11-24T22:06:44Z", "livemode": False,
                },
            )
        ],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Erase the customer who asks, for good. It needs a step-up for `erase_me`."""
        customer, now = asking(request), clock.now()

        def erase() -> Response:
            ledger.lock_books([customer.id])
            requires_step_up(request, action="erase_me", subject={})
            erasure = services.erase(customer=customer, now=now)
            return Response(ErasureSerializer(erasure).data, status=201)

        return once(request, owner=customer.id, effect=erase, required=True)
