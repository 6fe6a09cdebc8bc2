"""What was written down of all that: the inbox, the list, the files, the month's statement."""

from decimal import Decimal

from tests.phone.app import App

KINDS = [
    "cashback_taken_back", "dispute", "withdrawal", "transfer_sent", "conversion",
    "transfer_received", "transfer_received", "cashback", "capture", "sale", "conversion",
    "deposit", "top_up",
]  # fmt: skip
MOVED = {
    "EUR": ["200", "300", "-400", "50", "-150", "1.5", "30", "30", "-50", "150", "-1.5"],
    "BTC": ["0.0099", "-0.00125", "-0.0004"],
    "USD": ["20", "-20"],
}
"""Oldest first: 160 EUR, 0.00825 BTC and no dollars are left."""
TOLD = {
    "verification_decided", "deposit.received", "request.paid", "destination.added",
    "withdrawal.sent", "withdrawal.completed", "dispute.opened", "dispute.submitted", "dispute.won",
}  # fmt: skip


def reads_what_happened(ada: App) -> None:
    """The inbox is read once; the list has every movement."""
    told = ada.done("GET", "/v1/notifications?page_size=50")["results"]
    assert {each["kind"] for each in told} >= TOLD
    ada.done("POST", "/v1/notifications/read", {"ids": [each["id"] for each in told]})
    again = ada.done("GET", "/v1/notifications?page_size=50")["results"]
    assert all(each["read_at"] for each in again)

    assert [each["kind"] for each in ada.everything("/v1/activity?page_size=6")] == KINDS
    found = ada.done("GET", "/v1/activity?q=ramen")["results"]
    assert [each["kind"] for each in found] == ["dispute", "cashback", "capture", "sale"]


def keeps_records(ada: App, authorization: str) -> None:
    """Files of everything that moved and of the year's sales, and the dinner's receipt."""
    moved = ada.rows(ada.exported(kind="activity"))
    assert {
        code: [row["amount"] for row in moved if row["currency"] == code] for code in MOVED
    } == MOVED
    year = int(moved[0]["event_at"][:4])
    sold = ada.rows(ada.exported(kind="tax_report", year=year))
    assert [(row["asset"], row["proceeds"], row["gain"]) for row in sold] == [
        ("BTC", "50", "-0.505050505"), ("BTC", "16", "-0.1616161616"), ("USD", "16", "0"),
    ]  # fmt: skip

    receipt = ada.text(f"/v1/authorizations/{authorization}/receipt/pdf")
    for said in (
        "Captured 150.00 EUR",
        "Cash that was there 100.00 EUR",
        "0.00125 BTC 40000 0.00 EUR 50.00 EUR",
        "24,000 JPY 0.00625 150.00 EUR",
    ):
        assert said in receipt


def has_the_month_on_paper(ada: App) -> None:
    """No statement before the month is over, unless the sandbox closes it; then it adds up."""
    month = ada.done("GET", "/v1/activity")["results"][0]["created_at"][:7]
    early = ada.export(kind="statement", month=month)
    assert (early["state"], early["failure"]) == ("failed", "statements.month_not_over")
    me = ada.done("GET", "/v1/me")["id"]
    closed = ada.done("POST", f"/v1/sandbox/customers/{me}/statements")

    (listed,) = ada.done("GET", "/v1/statements")["results"]
    assert closed == {"statement": listed["id"], "month": month}
    path = f"/v1/statements/{listed['id']}"
    stated = ada.done("GET", path)
    assert (stated["fees"], stated["spread"]) == ({"EUR": "4"}, {})
    assert stated["cashback"] == {}  # what was earned was taken back
    assert stated["gains"] == {"EUR": "-0.6666666666"}
    _adds_up(stated["currencies"], ada)

    rows = ada.rows(f"{path}/csv")
    assert {
        code: [row["amount"] for row in rows if (row["row"], row["currency"]) == ("movement", code)]
        for code in MOVED
    } == MOVED
    _adds_up([row for row in rows if row["row"] == "total"], ada)
    assert ada.rows(ada.exported(kind="statement", month=month, format="csv")) == rows

    paper = ada.text(f"{path}/pdf")
    assert f"Name Ada Customer {me} Statement {listed['id']}" in paper
    for said in (
        "BTC 0 0.0099 −0.00165 0.00825 EUR 0.00 761.50 −601.50 160.00 USD 0.00 20.00",
        "Card purchase RAMEN TOKYO −150.00 EUR",
        "Dispute credited RAMEN TOKYO +150.00 EUR",
        "Fees paid 4.00 EUR",
        "Total −0.6666666666 EUR",
    ):
        assert said in paper


def _adds_up(totals: list[dict[str, str]], ada: App) -> None:
    """Opening and all that the app saw moving are the closing, to the last digit."""
    assert {each["currency"] for each in totals} == set(MOVED)
    for each in totals:
        moved = sum(map(Decimal, MOVED[each["currency"]]))
        assert each["opening"] == "0"
        assert Decimal(each["in"]) + Decimal(each["out"]) == moved == Decimal(each["closing"])
    left = {each["currency"]: Decimal(each["closing"]) for each in totals if each["closing"] != "0"}
    assert left == {code: Decimal(amount) for code, amount in ada.balances().items()}
