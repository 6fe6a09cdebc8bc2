"""Where live events are, for who asks the process that does not have them."""

from collections.abc import Iterable
from typing import Final

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from krak.live.refusals import LiveElsewhere

_EVENTS: Final = """retry: 2000
id: 41
event: ready
data: {"object":"live_ready","sequence":41}

id: 42
event: authorization.approved
data: {"object":"notification","id":"ntf_01m8hw7k1yf1p8m4dq0x2n5v3c","sequence":42,\
"kind":"authorization.approved","group":"card","title":"Purchase approved",\
"text":"120.00 USD at RAMEN TOKYO.","facts":{},"created_at":"2026-11-24T22:06:44Z","read_at":null}

: still here
"""


class AnyAccept(BaseContentNegotiation):
    """Answer whatever a client says it accepts: there is one kind of answer."""

    def select_parser(self, request: Request, parsers: object) -> None:
        """Read no body."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first there is."""
        first = next(iter(renderers))
        return first, first.media_type


class LiveDoor(APIView):
    """GET /v1/live"""

    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="live",
        tags=["notifications"],
        parameters=[
            OpenApiParameter(
                "Last-Event-ID", str, OpenApiParameter.HEADER,
                description="the id of the last event that arrived: all since are sent first",
            )
        ],
        responses={
            (200, "text/event-stream"): OpenApiResponse(
                OpenApiTypes.STR,
                description="Server-Sent Events for as long as both sides like: every notice of"
                " the inbox as an event named by its kind, its `sequence` as id; `ready` first;"
                " `gap` when more was missed than is sent again: read GET /v1/notifications.",
                examples=[OpenApiExample("events", value=_EVENTS)],
            ),
            307: OpenApiResponse(
                description="They are at `Location`: open that with the same headers."
            ),
        },
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Stream what the customer is told, as it happens, and what was missed."""
        if not settings.LIVE_URL:
            raise LiveElsewhere
        return Response(status=307, headers={"Location": settings.LIVE_URL})
