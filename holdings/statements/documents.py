"""A statement and a tax report as files. They say what was issued and reckon nothing.

Only people are named as they are known now: a statement itself names nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from fx.assets.rules import MultiplierRow, multiplier_at
from holdings.activity.registry import Words
from holdings.statements.models import Statement
from krak.core import csv_files
from krak.core.ids import show
from krak.core.money import UnknownCurrency, least_places, plain
from krak.core.pdf import Column, Page, Section, figure, render
from krak.customers.models import Customer

if TYPE_CHECKING:
    from holdings.lots.models import Disposal

TAX_HEAD: Final = (
    "asset", "units", "acquired_at", "disposed_at", "days_held", "proceeds", "cost_basis", "gain",
    "currency", "what", "lot", "entry",
)  # fmt: skip


def as_csv(statement: Statement, *, people: Mapping[str, Words]) -> bytes:
    """Return a statement as CSV: a row per currency and movement, the first column says which.

    `people` says whom movements were with, by the movement's id.
    """
    facts = statement.shown
    head = [
        "row", "month", "currency", "amount", "opening", "in", "out", "closing", "event_at",
        "created_at", "kind", "title", "party", "note", "id",
    ]  # fmt: skip
    month = facts["month"]
    rows = [head]
    for each in facts["currencies"]:
        totals = [each[name] for name in ("opening", "in", "out", "closing")]
        rows.append(["total", month, each["currency"], "", *totals, *[""] * 7])
    for move in facts["movements"]:
        party, note = _with_whom(move, people)
        said = [*(move[name] for name in ("event_at", "created_at", "kind", "title"))]
        said += [party, note, move["id"]]
        rows += [
            ["movement", month, code, amount, *[""] * 4, *said]
            for code, amount in move["changes"].items()
        ]
    for name in ("fees", "spread", "cashback", "gains"):
        rows += [[name, month, code, amount, *[""] * 11] for code, amount in facts[name].items()]
    for gone in facts["disposals"]:
        title = f"{gone['units']} {gone['asset']}: {gone['proceeds']} less {gone['cost_basis']}"
        rows.append(
            ["disposal", month, gone["currency"], gone["gain"], *[""] * 4, gone["disposed_at"],
             gone["acquired_at"], "", title, "", "", gone["lot"]]
        )  # fmt: skip
    return csv_files.write(rows)


def as_pdf(statement: Statement, *, customer: Customer, people: Mapping[str, Words]) -> bytes:
    """Return a statement as PDF, to its customer's present name; `people` as in `as_csv`."""
    facts = statement.shown
    month = statement.month
    until = min(month.ends_at, statement.issued_at)  # less, if it was closed early
    sections = [_balances(facts["currencies"]), _movements(facts["movements"], people)]
    sections += [
        Section(
            "Fees, spread and cashback",
            [Column("", 0.7), Column("Amount", 0.3, is_figure=True)],
            [
                [label, _amount(amount, code)]
                for name, label in (
                    ("fees", "Fees paid"), ("spread", "Spread in conversions"),
                    ("cashback", "Cashback earned, net of what was taken back"),
                )
                for code, amount in facts[name].items()
            ],
        ),
        _disposals(facts["disposals"], facts["gains"]),
    ]  # fmt: skip
    return render(
        Page(
            title="Statement",
            subtitle=f"{month.begins_at:%B %Y}",
            facts=[
                ("Name", customer.name),
                ("Customer", customer.shown_id),
                ("Statement", statement.shown_id),
                ("From", f"{month.begins_at:%d %B %Y}, 00:00 UTC"),
                ("Until", f"{until:%d %B %Y, %H:%M} UTC"),
                ("Issued", f"{statement.issued_at:%d %B %Y, %H:%M} UTC"),
            ],
            sections=sections,
            foot=f"SHA-256 of what is stated: {bytes(statement.digest).hex()[:32]}…",
        )
    )


def _balances(currencies: Iterable[Mapping[str, str]]) -> Section:
    rows, notes = [], []
    for each in currencies:
        code, multiplier = each["currency"], Decimal(each["multiplier"])
        rows.append([code, *(_figure(each[n], code) for n in ("opening", "in", "out", "closing"))])
        if multiplier != 1:
            notes.append(f"{code}: units as shown by its multiplier of {multiplier:f} at the end.")
    figures = [Column(head, 0.2, is_figure=True) for head in ("Opening", "In", "Out", "Closing")]
    return Section("Balances", [Column("Currency", 0.2), *figures], rows, note=" ".join(notes))


def _with_whom(move: Mapping[str, Any], people: Mapping[str, Words]) -> tuple[str, str]:
    words = people.get(move["id"])
    return (words.party, words.note) if words else (move["party"], move["note"])


def _movements(movements: Iterable[Mapping[str, Any]], people: Mapping[str, Words]) -> Section:
    rows = []
    for move in movements:
        said = "\n".join(filter(None, (move["title"], *_with_whom(move, people))))
        amounts = [_amount(amount, code, signed=True) for code, amount in move["changes"].items()]
        rows.append([_day(move["event_at"]), said, "\n".join(amounts)])
    columns = [Column("Date", 0.15), Column("What", 0.5), Column("Amount", 0.35, is_figure=True)]
    return Section("Movements", columns, rows, note="" if rows else "Nothing moved this month.")


def _disposals(disposals: Sequence[Mapping[str, str]], gains: Mapping[str, str]) -> Section:
    rows = [
        [
            f"{figure(Decimal(gone['units']))} {gone['asset']}",
            _day(gone["acquired_at"]),
            _day(gone["disposed_at"]),
            *(_figure(gone[name], gone["currency"]) for name in ("proceeds", "cost_basis")),
            _amount(gone["gain"], gone["currency"], signed=True),
        ]
        for gone in disposals
    ]
    columns = [
        Column("Sold", 0.22), Column("Acquired", 0.14), Column("Sold on", 0.14),
        Column("Proceeds", 0.15, is_figure=True), Column("Cost", 0.15, is_figure=True),
        Column("Gain", 0.2, is_figure=True),
    ]  # fmt: skip
    total = "\n".join(_amount(gain, code, signed=True) for code, gain in gains.items())
    return Section(
        "Gains by lot, first in first out", columns, rows,
        total=["Total", "", "", "", "", total] if rows else None,
        note="" if rows else "Nothing was sold this month.",
    )  # fmt: skip


def tax_rows(
    disposals: "Iterable[Disposal]", multipliers: Mapping[str, Sequence[MultiplierRow]]
) -> list[list[str]]:
    """Return the rows of a tax report under `TAX_HEAD`; units are those shown at the moment."""
    return [
        [
            gone.currency,
            plain(gone.units * multiplier_at(multipliers.get(gone.currency, ()), gone.disposed_at)),
            gone.lot.acquired_at.isoformat(),
            gone.disposed_at.isoformat(),
            str((gone.disposed_at.date() - gone.lot.acquired_at.date()).days),
            plain(gone.proceeds),
            plain(gone.cost_basis),
            plain(gone.gain),
            gone.cost_currency,
            gone.entry.kind.lower(),
            show("lot", gone.lot_id),
            show("ent", gone.entry_id),
        ]
        for gone in disposals
    ]


def _day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%d %b %Y}"


def _figure(amount: str, code: str, *, signed: bool = False) -> str:
    try:
        places = least_places(code)
    except UnknownCurrency:
        places = 0
    return figure(Decimal(amount), places=places, signed=signed)


def _amount(amount: str, code: str, *, signed: bool = False) -> str:
    return f"{_figure(amount, code, signed=signed)} {code}"
