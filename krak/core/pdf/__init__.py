"""Documents for customers as PDF: a title, some facts, tables. The same input, the same bytes."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    LongTable,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from krak.core.money import plain

_FONTS: Final = Path(__file__).parent / "fonts"
_PLAIN: Final = "Krak"
_BOLD: Final = "Krak-Bold"
_INK: Final = HexColor("#17142b")
_QUIET: Final = HexColor("#716c86")
_LINE: Final = HexColor("#e4e1ee")
_BRAND: Final = HexColor("#6a35e0")
_WASH: Final = HexColor("#f6f4fc")
_MARGIN: Final = 18 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `share` of the page's width. Figures stand to the right."""

    head: str
    share: float
    is_figure: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A table under a title; `total` is a last row that stands out."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What a document says: `facts` are pairs of a label and a value."""

    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    foot: str


def figure(amount: Decimal, *, places: int | None = None, signed: bool = False) -> str:
    """Write an amount for people: "1,234.50", a real minus, at least `places` decimals."""
    whole, _, rest = plain(abs(amount)).partition(".")
    rest = rest.ljust(places or 0, "0")
    text = f"{int(whole):,}" + (f".{rest}" if rest else "")
    return ("−" if amount < 0 else "+" if signed and amount > 0 else "") + text


def render(page: Page) -> bytes:
    """Return a document as PDF."""
    _know_fonts()
    out = io.BytesIO()
    document = BaseDocTemplate(
        out, pagesize=A4, title=f"{page.title} {page.subtitle}", author="Krak", invariant=1,
        leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=26 * mm, bottomMargin=22 * mm,
    )  # fmt: skip
    frame = Frame(
        _MARGIN, 22 * mm, _WIDTH, A4[1] - 48 * mm,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    document.addPageTemplates(
        [PageTemplate(frames=[frame], onPage=lambda canvas, _doc: _frame_of(canvas, page))]
    )
    story: list[Flowable] = [
        Paragraph(escape(page.title), _style(22, 27, bold=True)),
        Paragraph(escape(page.subtitle), _style(12, 16, color=_QUIET)),
        Spacer(0, 6 * mm),
        _facts(page.facts),
    ]
    for section in page.sections:
        story += _section(section)
    document.build(story, canvasmaker=_Numbered)
    return out.getvalue()


class _Numbered(Canvas):  # type: ignore[misc]
    """Knows how many pages there are when it writes the number of each."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options | {"invariant": 1})
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setFont(_PLAIN, 7.5)
            self.setFillColor(_QUIET)
            self.drawRightString(A4[0] - _MARGIN, 12 * mm, f"{number} / {len(self._pages)}")
            super().showPage()
        super().save()


def _know_fonts() -> None:
    if _PLAIN not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(_PLAIN, _FONTS / "Inter-Regular.ttf"))
        pdfmetrics.registerFont(TTFont(_BOLD, _FONTS / "Inter-SemiBold.ttf"))
        pdfmetrics.registerFontFamily(_PLAIN, normal=_PLAIN, bold=_BOLD)


def _style(
    size: float, leading: float, *, bold: bool = False, right: bool = False, color: Any = _INK
) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}{bold}{right}", fontName=_BOLD if bold else _PLAIN, fontSize=size, leading=leading,
        textColor=color, alignment=TA_RIGHT if right else 0, splitLongWords=True,
    )  # fmt: skip


def _frame_of(canvas: Any, page: Page) -> None:
    canvas.saveState()
    canvas.setFillColor(_BRAND)
    canvas.rect(0, A4[1] - 3 * mm, A4[0], 3 * mm, stroke=0, fill=1)
    canvas.setFont(_BOLD, 13)
    canvas.drawString(_MARGIN, A4[1] - 16 * mm, "krak")
    canvas.setFillColor(_QUIET)
    canvas.setFont(_PLAIN, 7.5)
    canvas.drawRightString(A4[0] - _MARGIN, A4[1] - 16 * mm, f"{page.title} · {page.subtitle}")
    canvas.setStrokeColor(_LINE)
    canvas.line(_MARGIN, 17 * mm, A4[0] - _MARGIN, 17 * mm)
    canvas.drawString(_MARGIN, 12 * mm, page.foot)
    canvas.restoreState()


def _facts(facts: Sequence[tuple[str, str]]) -> Flowable:
    per_row = 3
    cells = [
        [
            Paragraph(escape(label), _style(7.5, 11, color=_QUIET)),
            Paragraph(escape(value), _style(7.5, 12)),  # an id fits into one line
        ]
        for label, value in facts
    ]
    cells += [[]] * (-len(cells) % per_row)
    rows = [cells[at : at + per_row] for at in range(0, len(cells), per_row)]
    table = Table(rows, colWidths=[_WIDTH / per_row] * per_row)
    table.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), _WASH),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 4 * mm),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0.6 * mm),
            ("TOPPADDING", (0, 0), (-1, -1), 2.4 * mm),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4 * mm),
            ("ROUNDEDCORNERS", [6, 6, 6, 6]),
        ]
    )
    return table


def _section(section: Section) -> list[Flowable]:
    story: list[Flowable] = [
        Spacer(0, 8 * mm),
        Paragraph(escape(section.title), _style(12, 16, bold=True)),
        Spacer(0, 1.5 * mm),
    ]
    if section.rows:
        story.append(_table(section))
    if section.note or not section.rows:
        note = section.note or "None."
        story += [Spacer(0, 1.5 * mm), Paragraph(escape(note), _style(8, 11, color=_QUIET))]
    return story


def _table(section: Section) -> Flowable:
    columns = section.columns
    heads = [
        Paragraph(escape(c.head), _style(7.5, 10, right=c.is_figure, color=_QUIET)) for c in columns
    ]
    bold = [_style(8.5, 11.5, bold=True, right=c.is_figure) for c in columns]
    usual = [_style(8.5, 11.5, right=c.is_figure) for c in columns]
    rows: list[list[Any]] = [
        heads,
        *(
            [Paragraph(_lines(cell), style) for cell, style in zip(row, usual, strict=True)]
            for row in section.rows
        ),
    ]
    if section.total is not None:
        rows.append(
            [Paragraph(_lines(c), style) for c, style in zip(section.total, bold, strict=True)]
        )
    table = LongTable(rows, colWidths=[c.share * _WIDTH for c in columns], repeatRows=1)
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, _INK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, _LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-2, -1), 3 * mm),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6 * mm),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6 * mm),
        ]
    )
    return table


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br/>")
