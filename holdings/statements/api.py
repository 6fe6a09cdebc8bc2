"""GET /v1/statements: what was issued, as JSON, PDF and CSV."""

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from holdings.statements import documents, queries, services
from holdings.statements.exports import CSV, PDF
from holdings.statements.models import Statement
from holdings.statements.queries import StatementNotFound
from krak.api.files import attachment
from krak.api.paging import CursorPages
from krak.api.shapes import ConstantField, IdField, LivemodeField
from krak.core.errors import DomainError, Kind
from krak.core.ids import id_of
from krak.customers.authentication import asking

MOST_MOVEMENTS: Final = 1000
"""How many a file of this door may have: more take a worker."""


class TooLong(DomainError):
    """The file is not made while a phone waits."""

    code = "statements.too_long"
    title = "This statement is long: ask for it with POST /v1/exports."
    kind = Kind.CONFLICT


class IssuedStatementSerializer(serializers.Serializer[Statement]):
    """A month, as it was issued."""

    object = ConstantField("statement")
    id = IdField(Statement.PREFIX)
    month = serializers.CharField(help_text="2026-10; months are in UTC")
    entries = serializers.SerializerMethodField(help_text="how many entries it covers")
    digest = serializers.SerializerMethodField(help_text="SHA-256 of what it says")
    issued_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField(source="issued_at")
    livemode = LivemodeField()

    def get_entries(self, statement: Statement) -> int:
        """Return how many entries it covers."""
        return statement.last_sequence - statement.first_sequence + 1

    def get_digest(self, statement: Statement) -> str:
        """Return the digest."""
        return bytes(statement.digest).hex()


class TotalSerializer(serializers.Serializer[dict[str, Any]]):
    """One currency's month in shown units of its end: opening + in + out = closing."""

    currency = serializers.CharField()
    opening = serializers.CharField()
    closing = serializers.CharField()
    multiplier = serializers.CharField(help_text="of shares, at the end: by base units")

    def get_fields(self) -> dict[str, Any]:
        """Add the fields whose names are words of Python."""
        return {
            **super().get_fields(),
            "in": serializers.CharField(),
            "out": serializers.CharField(help_text="not positive"),
        }


class WholeStatementSerializer(IssuedStatementSerializer):
    """A month with its totals; the files have every movement."""

    currencies = TotalSerializer(many=True, source="shown.currencies")
    fees = serializers.DictField(child=serializers.CharField(), source="shown.fees")
    spread = serializers.DictField(child=serializers.CharField(), source="shown.spread")
    cashback = serializers.DictField(child=serializers.CharField(), source="shown.cashback")
    gains = serializers.DictField(child=serializers.CharField(), source="shown.gains")


_SHORT: Final = {
    "object": "statement", "id": "stm_01m8hw7k1yf1p8m4dq0x2n5v3c", "month": "2026-10",
    "entries": 42, "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "issued_at": "2026-11-01T01:00:09Z", "created_at": "2026-11-01T01:00:09Z",
    "livemode": False,
}  # fmt: skip


@extend_schema_view(
    get=extend_schema(
        operation_id="statements",
        tags=["records"],
        examples=[OpenApiExample("October", value=_SHORT, response_only=True)],
    )
)
class Statements(generics.ListAPIView[Statement]):
    """GET /v1/statements"""

    serializer_class = IssuedStatementSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Statement]:
        """Return the statements of the customer who is asking."""
        return queries.statements(customer_id=asking(self.request).id)


class OneStatement(APIView):
    """GET /v1/statements/{id}"""

    @extend_schema(
        operation_id="statement",
        tags=["records"],
        responses=WholeStatementSerializer,
        examples=[
            OpenApiExample(
                "October, with a dinner",
                value=_SHORT
                | {
                    "currencies": [
                        {
                            "currency": "USD", "opening": "0", "in": "120", "out": "-120",
                            "closing": "0", "multiplier": "1",
                        }
                    ],
                    "fees": {}, "spread": {"USD": "0.06"}, "cashback": {"USD": "1.2"},
                    "gains": {"USD": "14.1"},
                },
                response_only=True,
            )
        ],
    )  # fmt: skip
    def get(self, request: Request, shown_id: str) -> Response:
        """Return one statement with its totals."""
        return Response(WholeStatementSerializer(_issued(request, shown_id)).data)


class PdfOfStatement(APIView):
    """GET /v1/statements/{id}/pdf"""

    @extend_schema(
        operation_id="statement_pdf",
        tags=["records"],
        responses={(200, PDF): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, shown_id: str) -> HttpResponse:
        """Return one statement as PDF."""
        statement = _short(request, shown_id)
        content = documents.as_pdf(
            statement, customer=asking(request), people=services.people_of(statement)
        )
        return attachment(content, name=f"krak-statement-{statement.month}.pdf", media_type=PDF)


class CsvOfStatement(APIView):
    """GET /v1/statements/{id}/csv"""

    @extend_schema(
        operation_id="statement_csv",
        tags=["records"],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, shown_id: str) -> HttpResponse:
        """Return one statement as CSV."""
        statement = _short(request, shown_id)
        return attachment(
            documents.as_csv(statement, people=services.people_of(statement)),
            name=f"krak-statement-{statement.month}.csv",
            media_type=CSV,
        )


def _short(request: Request, shown_id: str) -> Statement:
    """Return one statement, unless its file would keep a phone waiting.

    Raises:
        TooLong: it would.
    """
    statement = _issued(request, shown_id)
    if len(statement.facts["movements"]) > MOST_MOVEMENTS:
        raise TooLong(next="/v1/exports")
    return statement


def _issued(request: Request, shown_id: str) -> Statement:
    wanted = id_of(Statement.PREFIX, shown_id, StatementNotFound)
    return queries.statement_of(statement_id=wanted, customer_id=asking(request).id)
