"""Pages of a list, newest first, by cursors that stay put while new rows arrive."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from krak.core.compiled import Compiled, compiled
from krak.core.errors import DomainError, Kind
from krak.core.ids import ID_LENGTH, MalformedId, read, show

MOST_PER_PAGE: Final = 200
PER_PAGE: Final = 50
PARAMETERS: Final = [
    OpenApiParameter("cursor", str, description="from `next` or `previous`"),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": PER_PAGE},
    ),
]
"""The query of a page, for views that page by hand."""


class MalformedCursor(DomainError):
    """The cursor is not one that we gave."""

    code = "api.cursor_malformed"
    title = "A cursor is taken from `next` or `previous` and never made."
    kind = Kind.INVALID


@dataclass(frozen=True, slots=True)
class OwnRows:
    """All rows that a customer has, for lists that an app opens with.

    Its first page is a query that is written once, so `rows` only compares with its one argument
    `customer_id`.
    """

    rows: Callable[..., QuerySet[Any]]
    customer_id: UUID

    def all(self) -> QuerySet[Any]:
        """Return what asks for them."""
        return self.rows(customer_id=self.customer_id)

    def first(self, most: int, *, order: tuple[str, ...]) -> list[Any]:
        """Return the first of them in an order."""
        return _first(self.rows, order, most)(self.customer_id)


@lru_cache(maxsize=100)  # a page may have 200 sizes
def _first(
    rows: Callable[..., QuerySet[Any]], order: tuple[str, ...], most: int
) -> Compiled[[UUID], Any]:
    @compiled
    def first(customer_id: UUID) -> QuerySet[Any]:
        return rows(customer_id=customer_id).order_by(*order)[:most]

    return first


class CursorPages(BasePagination):
    """Cut a queryset into pages by its time-ordered primary key; its own order is replaced.

    A cursor names the row beside the page, so rows that arrive meanwhile neither repeat nor
    hide any. `next` goes to older rows, `previous` to newer ones.
    """

    fields: tuple[str, ...] = ("pk",)
    """What orders the rows: columns of UUIDs that no two rows have the same of."""
    next: str | None = None
    previous: str | None = None

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | OwnRows | Sequence[Any],
        request: Request,
        view: Any = None,
    ) -> list[Any]:
        """Return the rows of the asked page.

        Raises:
            ValidationError: `page_size` is not 1 to 200.
            MalformedCursor: the cursor is not one that we gave.
        """
        if not isinstance(queryset, QuerySet | OwnRows):
            raise TypeError("pages are cut from a queryset")
        size = page_size_of(request.query_params)
        back, beside = _read_cursor(request.query_params.get("cursor"), parts=len(self.fields))
        order = tuple(name if back else f"-{name}" for name in self.fields)
        if isinstance(queryset, OwnRows) and not beside:
            rows = queryset.first(size + 1, order=order)
        else:
            beyond = self._beyond(beside, back=back) if beside else Q()
            rows = list(queryset.all().filter(beyond).order_by(*order)[: size + 1])
        more = len(rows) > size
        rows = rows[:size]
        if back:
            rows.reverse()
        url = request.build_absolute_uri()
        if rows and (more or back):
            self.next = replace_query_param(url, "cursor", self._cursor("after", rows[-1]))
        if rows and (more if back else beside):
            self.previous = replace_query_param(url, "cursor", self._cursor("before", rows[0]))
        return rows

    def _beyond(self, beside: Sequence[UUID], *, back: bool) -> Q:
        beyond, equal = Q(), Q()
        for name, value in zip(self.fields, beside, strict=True):
            beyond |= equal & Q(**{f"{name}__{'gt' if back else 'lt'}": value})
            equal &= Q(**{name: value})
        return beyond

    def _cursor(self, direction: str, row: Any) -> str:
        ids = [show("", getattr(row, name)).removeprefix("_") for name in self.fields]
        return f"{direction}_{''.join(ids)}"

    def get_paginated_response(self, data: Any) -> Response:
        """Answer with one page."""
        return Response({"results": data, "next": self.next, "previous": self.previous})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe one page."""
        url = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": url | {"description": "older rows"},
                "previous": url | {"description": "newer rows"},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the query."""
        size = {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": PER_PAGE}
        return [
            {"name": "cursor", "in": "query", "required": False, "schema": {"type": "string"}},
            {"name": "page_size", "in": "query", "required": False, "schema": size},
        ]


def page_size_of(query: Mapping[str, str]) -> int:
    text = query.get("page_size", str(PER_PAGE))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_PER_PAGE))):
        size = 0
    else:
        size = int(text)
    if not 1 <= size <= MOST_PER_PAGE:
        raise serializers.ValidationError(
            {"page_size": [f"A page has 1 to {MOST_PER_PAGE} rows."]}, code="page_size"
        )
    return size


def _read_cursor(text: str | None, *, parts: int) -> tuple[bool, list[UUID]]:
    """Return whether the page lies before (towards newer rows), and beside which row."""
    if text is None:
        return False, []
    direction, _, ids = text.partition("_")
    if direction not in {"after", "before"} or len(ids) != ID_LENGTH * parts:
        raise MalformedCursor
    try:
        starts = range(0, len(ids), ID_LENGTH)
        return direction == "before", [read("", f"_{ids[at : at + ID_LENGTH]}") for at in starts]
    except MalformedId:
        raise MalformedCursor from None
