"""A receipt as PDF."""

from collections.abc import Sequence
from typing import Final

from moneyed import Money

from cards.receipts.queries import Cleared, Receipt, Reward, Sale
from krak.core.money import least_places, plain
from krak.core.pdf import Column, Page, Section, figure, render

_KINDS: Final = {
    "CAPTURE": "Captured",
    "REFUND": "Refunded",
    "REFUND_REVERSAL": "Refund taken back",
}


def as_pdf(receipt: Receipt) -> bytes:
    """Return a receipt as PDF."""
    paid = receipt.authorization
    return render(
        Page(
            title="Receipt",
            subtitle=paid.merchant_name or "Card purchase",
            facts=[
                ("Purchase", paid.shown_id),
                ("When", f"{paid.created_at:%d %B %Y, %H:%M} UTC"),
                ("Status", paid.status.capitalize()),
                ("Approved", _money(receipt.approved)),
                ("Captured", _money(receipt.captured)),
                ("Refunded", _money(receipt.refunded)),
            ],
            sections=[
                _sales(receipt.sales, receipt.from_cash),
                _cleared(receipt.cleared),
                _cashback(receipt.cashback),
            ],
            foot="Prices and units are those of the moment; gains are by lot, first in first out.",
        )
    )


def _sales(sales: Sequence[Sale], from_cash: Money) -> Section:
    rows = [
        [
            _money(sale.units.amount),
            plain(sale.price),
            _money(sale.spread),
            _money(sale.proceeds),
            _money(sale.gain, signed=True) if sale.gain is not None else "",
        ]
        for sale in sales
    ]
    if from_cash.amount:
        rows.insert(0, ["Cash that was there", "", "", _money(from_cash), ""])
    heads = ("Price", "Spread", "Raised", "Gain")
    columns = [Column("Asset", 0.28), *(Column(head, 0.18, is_figure=True) for head in heads)]
    return Section("Paid with", columns, rows, note="" if rows else "Nothing was paid.")


def _cleared(cleared: Sequence[Cleared]) -> Section:
    rows = [
        [
            _KINDS[each.kind],
            f"{each.event_at:%d %b %Y}",
            _money(each.presentment) if each.presentment is not None else "",
            plain(each.rate) if each.rate is not None else "",
            _money(each.settlement),
        ]
        for each in cleared
    ]
    columns = [
        Column("", 0.22), Column("Date", 0.18), Column("At the merchant", 0.22, is_figure=True),
        Column("Rate", 0.18, is_figure=True), Column("On the card", 0.2, is_figure=True),
    ]  # fmt: skip
    return Section("Cleared", columns, rows, note="" if rows else "Not cleared yet.")


def _cashback(rewards: Sequence[Reward]) -> Section:
    rows = [[_money(each.units.amount), _money(each.value)] for each in rewards]
    columns = [Column("Earned", 0.6), Column("Worth when earned", 0.4, is_figure=True)]
    return Section("Cashback", columns, rows, note="" if rows else "None yet.")


def _money(amount: Money, *, signed: bool = False) -> str:
    code = amount.currency.code
    return f"{figure(amount.amount, places=least_places(code), signed=signed)} {code}"
