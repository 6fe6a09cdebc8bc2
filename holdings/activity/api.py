"""GET /v1/activity: everything that moved, in one list."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import Q
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.request import Request

from holdings.activity import queries
from holdings.activity.queries import Direction, Line, Wanted
from holdings.activity.registry import Group
from holdings.ledger.shapes import ShownAmountSerializer
from krak.api.paging import CursorPages, MalformedCursor, OwnRows
from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.core.ids import show
from krak.customers.authentication import asking

if TYPE_CHECKING:
    from holdings.ledger.models import JournalEntry

MOST_SEQUENCE: Final = 2**63 - 1


class ActivitySerializer(serializers.Serializer[Line]):
    """One movement. More kinds and groups may be added: show `title` and `amounts` of those."""

    object = ConstantField("activity")
    id = IdField("ent", source="moved.id")
    kind = serializers.SerializerMethodField(help_text="exactly what it was")
    group = serializers.ChoiceField(choices=[str(g) for g in Group], source="reading.group")
    direction = serializers.ChoiceField(choices=[str(d) for d in Direction])
    title = serializers.CharField(source="words.title")
    party = serializers.CharField(
        source="words.party", help_text="merchant or person; may be empty"
    )
    note = serializers.CharField(source="words.note")
    status = serializers.CharField(source="words.status", help_text="completed, provisional, …")
    amounts = ShownAmountSerializer(
        many=True, help_text="signed, in the shown units of the moment of `event_at`"
    )
    links = serializers.DictField(
        child=serializers.CharField(), source="words.links", help_text="ids of what it is about"
    )
    event_at = serializers.DateTimeField(source="moved.event_at", help_text="when it happened")
    created_at = serializers.DateTimeField(
        source="moved.created_at", help_text="when it was posted"
    )
    livemode = LivemodeField()

    def get_kind(self, line: Line) -> str:
        """Return the kind of the entry."""
        return line.moved.kind.lower()


WantedSerializer: Final = type(
    "WantedSerializer",
    (serializers.Serializer,),
    {
        "group": serializers.ChoiceField(choices=[str(g) for g in Group], required=False),
        "currency": serializers.RegexField(r"^[A-Za-z0-9._-]{1,16}\Z", required=False),
        "direction": serializers.ChoiceField(choices=[str(d) for d in Direction], required=False),
        "from": serializers.DateTimeField(required=False),
        "to": serializers.DateTimeField(required=False),
        "q": serializers.CharField(min_length=2, max_length=80, required=False),
    },
)
"""What the list is narrowed to; a class statement cannot name a field `from`."""
PARAMETERS: Final = [
    OpenApiParameter("group", str, enum=[str(g) for g in Group]),
    OpenApiParameter("currency", str, description="only what moved this currency or asset"),
    OpenApiParameter("direction", str, enum=[str(d) for d in Direction]),
    OpenApiParameter(
        "from", {"type": "string", "format": "date-time"}, description="what happened then or later"
    ),
    OpenApiParameter(
        "to", {"type": "string", "format": "date-time"}, description="what happened before"
    ),
    OpenApiParameter(
        "q",
        {"type": "string", "minLength": 2, "maxLength": 80},
        description="merchant, person, note, reference, or an exact amount in base units",
    ),
]


def wanted_of(query: Mapping[str, Any]) -> Wanted:
    """Return which entries a query asks for.

    Raises:
        ValidationError: a filter cannot be read; each is named.
    """
    given = WantedSerializer(data=query)
    given.is_valid(raise_exception=True)
    asked = given.validated_data
    return Wanted(
        group=Group(asked["group"]) if "group" in asked else None,
        currency=asked.get("currency"),
        direction=Direction(asked["direction"]) if "direction" in asked else None,
        since=asked.get("from"),
        until=asked.get("to"),
        text=asked.get("q"),
    )


class ActivityPages(CursorPages):
    """Pages by an entry's number in its customer's chain: ids may commit out of order."""

    fields = ("sequence",)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return how the entries of the asked page read."""
        return queries.lines(super().paginate_queryset(queryset, request, view))

    def _beyond(self, beside: Sequence[UUID], *, back: bool) -> Q:
        number = beside[0].int
        if number > MOST_SEQUENCE:
            raise MalformedCursor
        return Q(sequence__gt=number) if back else Q(sequence__lt=number)

    def _cursor(self, direction: str, row: "JournalEntry") -> str:
        return f"{direction}{show('', UUID(int=row.sequence))}"


@extend_schema_view(
    get=extend_schema(
        operation_id="activity",
        tags=["activity"],
        parameters=PARAMETERS,
        examples=[
            OpenApiExample(
                "A dinner that has cleared",
                value={
                    "object": "activity", "id": "ent_01m8hw7k1yf1p8m4dq0x2n5v3c",
                    "kind": "capture", "group": "card", "direction": "out",
                    "title": "Card purchase", "party": "RAMEN TOKYO", "note": "",
                    "status": "completed",
                    "amounts": [{"amount": "-120.00", "currency": "USD", "multiplier": None}],
                    "links": {
                        "authorization": "auth_01m8hw7k1yf1p8m4dq0x2n5v3d",
                        "card": "card_01m8hw7k1yf1p8m4dq0x2n5v3e",
                    },
                    "event_at": "2026-11-20T19:30:00Z", "created_at": "2026-11-20T19:30:02Z",
                    "livemode": False,
                },
                response_only=True,
            )
        ],
    )
)  # fmt: skip
class Activity(generics.ListAPIView["JournalEntry"]):
    """GET /v1/activity"""

    serializer_class = ActivitySerializer  # type: ignore[assignment]
    pagination_class = ActivityPages

    def get_queryset(self) -> Any:
        """Return the entries of the customer who is asking, the newest first."""
        customer_id, wanted = asking(self.request).id, wanted_of(self.request.query_params)
        if wanted == queries.EVERYTHING:
            return OwnRows(queries.entries, customer_id)
        return queries.entries(customer_id=customer_id, wanted=wanted)
