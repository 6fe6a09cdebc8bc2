"""Statements, tax reports and the list of everything that moved, as files."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fx.assets.catalogue import has_multiplier
from fx.assets.queries import multiplier_rows
from holdings.activity import queries as activity
from holdings.activity.queries import Line
from holdings.ledger import queries as ledger
from holdings.statements import documents, queries, services
from holdings.statements.rules import Month
from krak.core import csv_files
from krak.core.ids import show
from krak.core.money import plain
from krak.customers.models import Customer
from krak.exports.registry import Begun, File, Part, Step, makes

BATCH: Final = 500
PDF: Final = "application/pdf"
CSV: Final = "text/csv; charset=utf-8"
_ACTIVITY_HEAD: Final = (
    "event_at", "created_at", "kind", "group", "title", "party", "note", "amount", "currency", "id",
)  # fmt: skip


def _whole(parts: Iterable[Part]) -> bytes:
    return b"".join(part.content for part in parts)


class StatementExport:
    """A month's statement; it is issued if it was not."""

    takes: Mapping[str, bool] = {"month": True, "format": False}
    step_up = False

    def begin(self, *, customer_id: UUID, params: Mapping[str, Any], now: datetime) -> Begun:
        """Issue it."""
        statement = services.issue(Month.read(params["month"]), customer_id=customer_id, now=now)
        return Begun(len(statement.facts["movements"]), statement.shown_id)

    def step(self, *, customer_id: UUID, params: Mapping[str, Any], cursor: Any) -> Step:
        """Write it."""
        month = Month.read(params["month"])
        statement = queries.statement_of_month(month, customer_id=customer_id)
        if statement is None:
            raise queries.StatementNotFound
        people = services.people_of(statement)
        if params.get("format", "pdf") == "csv":
            content = documents.as_csv(statement, people=people)
        else:
            customer = Customer.objects.get(id=customer_id)
            content = documents.as_pdf(statement, customer=customer, people=people)
        return Step([Part(content)], len(statement.facts["movements"]), None)

    def finish(self, *, params: Mapping[str, Any], parts: Iterable[Part]) -> File:
        """Name it."""
        kind = params.get("format", "pdf")
        media_type = PDF if kind == "pdf" else CSV
        return File(f"krak-statement-{params['month']}.{kind}", media_type, _whole(parts))


class TaxReport:
    """All disposals of a year by lot; years are in UTC."""

    takes: Mapping[str, bool] = {"year": True}
    step_up = False

    def begin(self, *, customer_id: UUID, params: Mapping[str, Any], now: datetime) -> Begun:
        """Count."""
        return Begun(queries.disposals_of_year(params["year"], customer_id=customer_id).count(), [])

    def step(self, *, customer_id: UUID, params: Mapping[str, Any], cursor: Any) -> Step:
        """Write the next rows; `cursor` is the last row's entry and lot."""
        rows = queries.disposals_of_year(params["year"], customer_id=customer_id)
        if cursor:
            rows = queries.disposals_after(rows, *map(UUID, cursor))
        found = list(rows[:BATCH])
        shares = [code for code in {row.currency for row in found} if has_multiplier(code)]
        written = documents.tax_rows(found, multiplier_rows(codes=shares) if shares else {})
        begins = not cursor
        head = [list(documents.TAX_HEAD)] if begins else []
        more = len(found) == BATCH
        return Step(
            [Part(csv_files.write([*head, *written], begins=begins))],
            len(found),
            [str(found[-1].entry_id), str(found[-1].lot_id)] if more else None,
        )

    def finish(self, *, params: Mapping[str, Any], parts: Iterable[Part]) -> File:
        """Name it."""
        return File(f"krak-disposals-{params['year']}.csv", CSV, _whole(parts))


class ActivityExport:
    """Everything that ever moved, up to the moment it was asked for, the oldest first."""

    takes: Mapping[str, bool] = {}
    step_up = False

    def begin(self, *, customer_id: UUID, params: Mapping[str, Any], now: datetime) -> Begun:
        """Note up to which entry."""
        entries = ledger.entries_in_book(customer_id=customer_id)
        return Begun(entries, {"after": 0, "last": entries})

    def step(self, *, customer_id: UUID, params: Mapping[str, Any], cursor: Any) -> Step:
        """Write the next entries."""
        after, last = cursor["after"], cursor["last"]
        upto = min(after + BATCH, last)
        rows = list(ledger.entries_between(after + 1, upto, customer_id=customer_id))
        written = [row for line in activity.lines(rows) for row in _activity_rows(line)]
        head = [] if after else [list(_ACTIVITY_HEAD)]
        return Step(
            [Part(csv_files.write([*head, *written], begins=not after))],
            len(rows),
            {"after": upto, "last": last} if upto < last else None,
        )

    def finish(self, *, params: Mapping[str, Any], parts: Iterable[Part]) -> File:
        """Name it."""
        return File("krak-activity.csv", CSV, _whole(parts))


def _activity_rows(line: Line) -> Iterable[list[str]]:
    for shown in line.amounts:
        yield [
            line.moved.event_at.isoformat(),
            line.moved.created_at.isoformat(),
            line.moved.kind.lower(),
            str(line.reading.group),
            line.words.title,
            line.words.party,
            line.words.note,
            plain(shown.amount.amount),
            shown.amount.currency.code,
            show("ent", line.moved.id),
        ]


makes("statement", StatementExport())
makes("tax_report", TaxReport())
makes("activity", ActivityExport())
