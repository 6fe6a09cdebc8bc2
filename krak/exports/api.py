"""Ask for a file, see how far it is, fetch it."""

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.api.files import attachment
from krak.api.idempotency import key_parameter, once
from krak.api.limits import throttle
from krak.api.paging import CursorPages
from krak.api.parsing import StrictSerializer, read_body
from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.core import clock
from krak.core.ids import id_of
from krak.core.limits.rules import Limit
from krak.customers.authentication import asking
from krak.exports import queries, services
from krak.exports.models import Export, State
from krak.exports.queries import ExportNotFound
from krak.exports.registry import kinds, maker_of
from krak.identity.guard import STEP_UP_PARAMETER, requires_step_up

EXPORTS: Final = throttle("exports", Limit(30, 60), Limit(200, 86_400))
"""Each is work of the worker's, and a file that is kept for a week."""
MEDIA_TYPES: Final = ("text/csv", "application/pdf", "application/zip")
_EXAMPLE: Final = OpenApiExample(
    "export",
    response_only=True,
    value={
        "object": "export", "id": "exp_01m8hw7k1yf1p8m4dq0x2n5v3c", "kind": "tax_report",
        "params": {"year": 2026}, "state": "running",
        "progress": {"rows_done": 1000, "rows_total": 2317}, "file": None, "failure": None,
        "created_at": "2026-11-24T22:06:44Z", "finished_at": None, "expires_at": None,
        "livemode": False,
    },
)  # fmt: skip


class ProgressSerializer(serializers.Serializer[Export]):
    """How far it is."""

    rows_done = serializers.IntegerField()
    rows_total = serializers.IntegerField(
        allow_null=True, help_text="null until it has begun; may grow"
    )


class ExportedFileSerializer(serializers.Serializer[Export]):
    """The finished file."""

    name = serializers.CharField(source="file_name")
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="in bytes")
    sha256 = serializers.SerializerMethodField()
    path = serializers.SerializerMethodField(help_text="where to fetch it")

    def get_sha256(self, export: Export) -> str:
        """Return the digest."""
        return bytes(export.sha256 or b"").hex()

    def get_path(self, export: Export) -> str:
        """Return where the file is."""
        return f"/v1/exports/{export.shown_id}/file"


class ExportSerializer(serializers.Serializer[Export]):
    """A file that is being made, or was."""

    object = ConstantField("export")
    id = IdField(Export.PREFIX)
    kind = serializers.ChoiceField(choices=kinds())
    params = serializers.DictField(help_text="as it was asked for")
    state = serializers.SerializerMethodField()
    progress = ProgressSerializer(source="*")
    file = serializers.SerializerMethodField(help_text="null until it is ready")
    failure = serializers.SerializerMethodField(help_text="code of what stood in the way")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    livemode = LivemodeField()

    @extend_schema_field(serializers.ChoiceField(choices=[s.lower() for s in State.values]))
    def get_state(self, export: Export) -> str:
        """Return what it is doing now."""
        return export.state_at(clock.now()).lower()

    @extend_schema_field(ExportedFileSerializer(allow_null=True))
    def get_file(self, export: Export) -> Any:
        """Return the file, while it is there."""
        ready = export.state_at(clock.now()) == State.READY
        return ExportedFileSerializer(export).data if ready else None

    @extend_schema_field({"type": ["string", "null"]})
    def get_failure(self, export: Export) -> str | None:
        """Return why there is no file."""
        return export.failure or None


class ExportRequestSerializer(StrictSerializer):
    """What is asked for; which parameters it takes depends on the kind."""

    kind = serializers.ChoiceField(choices=kinds())
    month = serializers.RegexField(
        r"^[12]\d{3}-(0[1-9]|1[0-2])\Z", required=False, help_text="of a statement: 2026-10"
    )
    year = serializers.IntegerField(
        min_value=2000, max_value=2999, required=False, help_text="of a tax report"
    )
    format = serializers.ChoiceField(
        choices=["pdf", "csv"], required=False, help_text="of a statement"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse parameters that the kind does not take, and name those that it lacks."""
        takes = maker_of(attrs["kind"]).takes
        wrong = {
            name: ["This kind of export does not take it."]
            for name in attrs.keys() - takes.keys() - {"kind"}
        }
        wrong |= {
            name: ["This kind of export needs it."]
            for name, is_needed in takes.items()
            if is_needed and name not in attrs
        }
        if wrong:
            raise serializers.ValidationError(wrong, code="params")
        return attrs


class Exports(generics.ListAPIView[Export]):
    """GET, POST /v1/exports"""

    throttle_classes = (EXPORTS,)
    serializer_class = ExportSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Export]:
        """Return what the customer who is asking asked for."""
        return queries.exports(customer_id=asking(self.request).id)

    @extend_schema(operation_id="exports", tags=["records"], examples=[_EXAMPLE])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what was asked for, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="request_export",
        tags=["records"],
        request=ExportRequestSerializer,
        responses={202: ExportSerializer},
        parameters=[key_parameter(required=True), STEP_UP_PARAMETER],
        examples=[
            _EXAMPLE,
            OpenApiExample(
                "a year of disposals",
                value={"kind": "tax_report", "year": 2026},
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Let a file be made. `personal_data` needs a step-up for `export_personal_data`."""
        customer, now = asking(request), clock.now()
        asked = read_body(ExportRequestSerializer, request)
        kind: str = asked.pop("kind")

        def ask() -> Response:
            if maker_of(kind).step_up:
                requires_step_up(request, action=f"export_{kind}", subject={})
            export = services.request(customer_id=customer.id, kind=kind, params=asked, now=now)
            return Response(ExportSerializer(export).data, status=202)

        return once(request, owner=customer.id, effect=ask, required=True)


class OneExport(APIView):
    """GET /v1/exports/{id}"""

    @extend_schema(
        operation_id="export", tags=["records"], responses=ExportSerializer, examples=[_EXAMPLE]
    )
    def get(self, request: Request, shown_id: str) -> Response:
        """Return how far an export is."""
        return Response(ExportSerializer(_asked_for(request, shown_id)).data)


class FileOfExport(APIView):
    """GET /v1/exports/{id}/file"""

    @extend_schema(
        operation_id="export_file",
        tags=["records"],
        responses={
            (200, media_type): OpenApiResponse(
                OpenApiTypes.BINARY, description="the file, as `file.media_type` says"
            )
            for media_type in MEDIA_TYPES
        },
    )
    def get(self, request: Request, shown_id: str) -> HttpResponse:
        """Return the file."""
        export = _asked_for(request, shown_id)
        content = services.read_file(export, now=clock.now())
        return attachment(content, name=export.file_name, media_type=export.media_type)


def _asked_for(request: Request, shown_id: str) -> Export:
    wanted = id_of(Export.PREFIX, shown_id, ExportNotFound)
    return queries.export_of(export_id=wanted, customer_id=asking(request).id)
