"""One life on a phone, from sign-up to the last sign-out, over HTTP against all of Krak.

Prices are pinned: 1 BTC is 40,000 EUR, 1 EUR is 1.25 USD and 160 JPY.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from bench import product
from krak.core import csv_files
from krak.core.ids import uuid7
from krak.runtime.processes import free_port
from tests.identity.phone import totp
from tests.issuer import client_of
from tests.phone.app import App

ISSUER_PORT = free_port()
PINS = {"BTC": "50000", "EUR": "1.25", "JPY": "0.0078125"}
PERSON = {
    "first_name": "Ada", "last_name": "Lovelace", "phone_number": "+4930123456",
    "address": {
        "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE",
    },
}  # fmt: skip
BANK = {"rail": "bank", "account": "DE89370400440532013000", "holder": "Ada Lovelace"}


@pytest.fixture(scope="module")
def krak() -> Iterator[str]:
    """Run all of Krak with servers of its own, and return where."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KRAK_ISSUER_PORT", str(ISSUER_PORT))
        with product.running(own_servers=True) as (url, _seconds):
            App(url=url).done("PUT", "/v1/sandbox/prices", {"bid": PINS})
            yield url


def test_a_whole_life(krak: str) -> None:
    ada = App(url=krak)
    codes = joins(ada)
    is_let_in(ada)
    pays_in(ada)
    buys(ada)
    authorization = eats(ada, has_a_card(ada))
    is_rewarded(ada, authorization)
    friends = [friend(krak, "grace", "EUR"), friend(krak, "alan", "USD")]
    splits_the_bill(ada, friends)
    pays_the_taxi(ada, friends[1])
    takes_money_out(ada, codes)
    reads_what_happened(ada)
    keeps_records(ada)
    leaves(ada)
    books_hold(ada)


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def joins(ada: App) -> list[str]:
    """Sign up, add a second factor, sign in with it, and return the recovery codes."""
    ada.sign_up(country="DE").enrol_totp()
    codes = ada.done("GET", "/v1/account/authenticators/recovery-codes")["data"]["unused_codes"]
    assert ada.log_in().status_code == 401
    assert ada.get("/v1/me").status_code == 401
    ada.done("POST", "/v1/auth/2fa/authenticate", {"code": totp(ada.secret, 1)})
    assert ada.done("GET", "/v1/me")["email"] == ada.email
    assert len(codes) == 10
    return list(codes)


def is_let_in(ada: App) -> None:
    """Be told what is missing, accept terms, be verified, and claim a tag."""
    top_up = {"method": "card", **euros("200.00")}
    assert ada.refused("POST", "/v1/top-ups", top_up)["code"] == "customers.terms_required"
    ada.accept_terms()
    refused = ada.refused("POST", "/v1/top-ups", top_up)
    assert (refused["code"], refused["facts"]["required_level"]) == (
        "customers.verification_required",
        1,
    )
    assert ada.verify()["state"] == "approved"
    assert ada.done("PUT", "/v1/me/tag", {"tag": f"ada{uuid7().hex[-10:]}"})["name"] == "Ada"
    me = ada.done("GET", "/v1/me")
    assert (me["verification_level"], me["home_currency"], me["frozen"]) == (1, "EUR", False)


def pays_in(ada: App) -> None:
    """200 euros by card, 300 by bank transfer."""
    top_up = ada.done("POST", "/v1/top-ups", {"method": "card", **euros("200.00")})
    assert top_up["client_secret"].startswith("pi_")
    assert ada.balances() == {}
    ada.done("POST", f"/v1/sandbox/top-ups/{top_up['id']}", {"outcome": "succeeded"})
    ada.settle()
    assert ada.done("GET", f"/v1/top-ups/{top_up['id']}")["state"] == "succeeded"
    assert ada.balances() == {"EUR": "200.00"}

    ada.done("POST", "/v1/deposit-accounts", {"currency": "EUR"})
    ada.settle()
    (account,) = ada.done("GET", "/v1/deposit-accounts")["results"]
    sent = {"iban": account["iban"], **euros("300.00"), "reference": "savings"}
    ada.done("POST", "/v1/sandbox/bank/transfers", sent)
    ada.settle()
    assert ada.balances() == {"EUR": "500.00"}


def buys(ada: App) -> None:
    """Bitcoin for 400 euros, of which 1 % is the fee."""
    asked = {"sell": "EUR", "buy": "BTC", "sell_amount": "400.00"}
    quote = ada.done("POST", "/v1/quotes", asked)
    assert (quote["fee"], quote["cost"]) == (euros("4.00"), euros("396.00"))
    assert quote["buy"] == {"amount": "0.0099", "currency": "BTC"}
    ada.done("POST", f"/v1/quotes/{quote['id']}/accept")
    assert ada.balances() == {"EUR": "100.00", "BTC": "0.0099"}


def has_a_card(ada: App) -> str:
    """Order a card, and return what the processor calls it."""
    ada.done("PUT", "/v1/cardholder", PERSON)
    ordered = ada.done("POST", "/v1/cards", {"type": "virtual"})
    assert ordered["status"] == "pending"
    ada.settle()
    card = ada.done("GET", f"/v1/cards/{ordered['id']}")
    assert (card["status"], card["currency"], card["settled"]) == ("active", "EUR", True)
    made = _processor().issuing.cards.list({"limit": 10}).data
    (stripe_id,) = [each.id for each in made if each.last4 == card["last4"]]
    return str(stripe_id)


def eats(ada: App, card: str) -> str:
    """Pay 24,000 yen with 100 euros and bitcoin for 50; return the authorization."""
    till = _processor().test_helpers.issuing.authorizations
    tap = till.create(
        {
            "card": card, "amount": 150_00, "currency": "eur",
            "merchant_amount": 24_000, "merchant_currency": "jpy",
            "merchant_data": {
                "category": "eating_places_restaurants", "name": "RAMEN TOKYO", "country": "JP",
            },
        }
    )  # fmt: skip
    assert (tap.approved, tap.amount) == (True, 150_00)
    assert ada.balances() == {"BTC": "0.00865"}
    (held,) = ada.done("GET", "/v1/authorizations")["results"]
    assert (held["status"], held["amount"]) == ("pending", euros("150.00"))
    till.capture(tap.id)
    ada.settle()
    return str(held["id"])


def is_rewarded(ada: App, authorization: str) -> None:
    """1 % of it, and a receipt that says what paid."""
    receipt = ada.done("GET", f"/v1/authorizations/{authorization}/receipt")
    assert (receipt["status"], receipt["captured"]) == ("closed", euros("150.00"))
    assert receipt["from_cash"] == euros("100.00")
    (sale,) = receipt["sales"]
    assert (sale["units"]["amount"], sale["proceeds"]) == ("0.00125", euros("50.00"))
    (cleared,) = receipt["cleared"]
    assert cleared["presentment"] == {"amount": "24000", "currency": "JPY"}
    assert receipt["cashback"] == [{"value": euros("1.50"), "units": euros("1.50")}]
    assert ada.done("GET", "/v1/cashback")["totals"] == [euros("1.50")]
    assert ada.balances() == {"EUR": "1.50", "BTC": "0.00865"}


def friend(krak: str, name: str, currency: str) -> App:
    """Return somebody with a tag and 100 of their currency."""
    asked = {"country": "BR", "card_currency": currency, "cash": "100.00"}
    made = App(url=krak).done("POST", "/v1/sandbox/customers", asked)
    app = App(url=krak, token=made["access_token"])
    app.done("PUT", "/v1/me/tag", {"tag": f"{name}{uuid7().hex[-10:]}"})
    return app


def _tag(app: App) -> str:
    return str(app.done("GET", "/v1/me")["tag"])


def splits_the_bill(ada: App, friends: list[App]) -> None:
    """90 euros by three; whoever has no euros pays with dollars, at a price shown first."""
    shares = [{"tag": _tag(each)} for each in friends]
    bill = ada.done("POST", "/v1/split-bills", {"amount": euros("90.00"), "shares": shares})
    assert (bill["own"], bill["people"], bill["shares_paid"]) == (euros("30.00"), 3, 0)
    for each, pays in zip(friends, [euros("30.00"), _dollars("37.50")], strict=True):
        (asked,) = each.done("GET", "/v1/payment-requests")["results"]
        path = f"/v1/payment-requests/{asked['id']}"
        price = each.done("POST", f"{path}/quote", {})
        assert price["pay"] == pays
        quote = {"quote": price["quote"]["id"]} if price["quote"] else {}
        assert each.done("POST", f"{path}/pay", quote)["state"] == "completed"
    assert [each.balances() for each in friends] == [{"EUR": "70.00"}, {"USD": "62.50"}]
    bill = ada.done("GET", f"/v1/split-bills/{bill['id']}")
    assert (bill["paid"], bill["shares_paid"]) == (euros("60.00"), 2)
    assert ada.balances() == {"EUR": "61.50", "BTC": "0.00865"}


def _dollars(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def pays_the_taxi(ada: App, alan: App) -> None:
    """20 dollars, from bitcoin."""
    asked = {"to": _tag(alan), "amount": _dollars("20.00")}
    price = ada.done("POST", "/v1/transfers/quote", asked | {"from": "BTC"})
    assert price["pay"] == {"amount": "0.0004", "currency": "BTC"}
    told = asked | {"quote": price["quote"]["id"], "note": "Taxi"}
    assert ada.done("POST", "/v1/transfers", told)["state"] == "completed"
    assert ada.balances() == {"EUR": "61.50", "BTC": "0.00825"}
    assert alan.balances() == {"USD": "82.50"}


def takes_money_out(ada: App, codes: list[str]) -> None:
    """50 euros to a new account; more than 100 dollars' worth has to wait a day."""
    proof = ada.proof("/v1/destinations", BANK, code=codes[0])
    saved = ada.done("POST", "/v1/destinations", BANK, **proof)
    much = {"destination": saved["id"], **euros("81.00"), "fee": "0.00"}
    proof = ada.proof("/v1/withdrawals", much, code=codes[1])
    refused = ada.refused("POST", "/v1/withdrawals", much, **proof)
    assert refused["code"] == "funding.destination_cooling_down"
    assert refused["facts"]["left_usd"] == "100"

    asked = {"destination": saved["id"], **euros("50.00")}
    fee = ada.done("POST", "/v1/withdrawals/preview", asked)["fee"]
    asked["fee"] = fee["amount"]
    proof = ada.proof("/v1/withdrawals", asked, code=codes[2])
    made = ada.done("POST", "/v1/withdrawals", asked, **proof)
    assert (made["total"], made["state"]) == (euros("50.00"), "ready")
    ada.settle()
    ada.done("POST", f"/v1/sandbox/withdrawals/{made['id']}", {"outcome": "completed"})
    ada.settle()
    assert ada.done("GET", f"/v1/withdrawals/{made['id']}")["state"] == "completed"
    assert ada.balances() == {"EUR": "11.50", "BTC": "0.00825"}


KINDS = [
    "withdrawal", "transfer_sent", "conversion", "transfer_received", "transfer_received",
    "cashback", "capture", "sale", "conversion", "deposit", "top_up",
]  # fmt: skip
SUMS = {
    "EUR": ["200", "300", "-400", "50", "-150", "1.5", "30", "30", "-50"],
    "BTC": ["0.0099", "-0.00125", "-0.0004"],
    "USD": ["20", "-20"],
}
"""What moved, oldest first: 11.50 EUR, 0.00825 BTC and no dollars are left."""


def reads_what_happened(ada: App) -> None:
    """The inbox is read once; the list has every movement."""
    told = ada.done("GET", "/v1/notifications?page_size=50")["results"]
    assert {
        "verification_decided", "deposit.received", "request.paid", "destination.added",
        "withdrawal.sent", "withdrawal.completed",
    } <= {each["kind"] for each in told}  # fmt: skip
    ada.done("POST", "/v1/notifications/read", {"ids": [each["id"] for each in told]})
    again = ada.done("GET", "/v1/notifications?page_size=50")["results"]
    assert all(each["read_at"] for each in again)

    first = ada.done("GET", "/v1/activity?page_size=6")
    second = ada.done("GET", first["next"].removeprefix(ada.url))
    lines = first["results"] + second["results"]
    assert [each["kind"] for each in lines] == KINDS
    found = ada.done("GET", "/v1/activity?q=ramen")["results"]
    assert [each["kind"] for each in found] == ["cashback", "capture", "sale"]


def keeps_records(ada: App) -> None:
    """Files are made by the worker; a month that is not over has no statement yet."""
    moved = _file(ada, {"kind": "activity"})
    assert {
        code: [row["amount"] for row in moved if row["currency"] == code] for code in SUMS
    } == SUMS
    disposed = _file(ada, {"kind": "tax_report", "year": int(moved[0]["event_at"][:4])})
    assert [(row["asset"], row["proceeds"], row["gain"]) for row in disposed] == [
        ("BTC", "50", "-0.505050505"), ("BTC", "16", "-0.1616161616"), ("USD", "16", "0"),
    ]  # fmt: skip

    month = moved[0]["created_at"][:7]
    for kind in ("pdf", "csv"):
        asked = {"kind": "statement", "month": month, "format": kind}
        export = _exported(ada, asked)
        assert (export["state"], export["failure"]) == ("failed", "statements.month_not_over")


def _exported(ada: App, asked: dict[str, Any]) -> dict[str, Any]:
    made = ada.done("POST", "/v1/exports", asked)
    ada.settle()
    export: dict[str, Any] = ada.done("GET", f"/v1/exports/{made['id']}")
    return export


def _file(ada: App, asked: dict[str, Any]) -> list[dict[str, str]]:
    export = _exported(ada, asked)
    assert export["state"] == "ready", export
    head, *rows = csv_files.parse(ada.get(export["file"]["path"]).content)
    return [dict(zip(head, row, strict=True)) for row in rows]


def leaves(ada: App) -> None:
    """End this device: its token is worth nothing any more."""
    (device,) = ada.done("GET", "/v1/devices")["results"]
    assert device["current"] is True
    assert ada.delete(f"/v1/devices/{device['id']}").status_code == 204
    assert ada.get("/v1/me").status_code == 401


def books_hold(anybody: App) -> None:
    proof = anybody.done("GET", "/v1/sandbox/proof")
    assert proof["balanced"] is proof["cached_equals_summed"] is proof["hash_chain_intact"] is True
    assert set(proof["currencies"].values()) == {"0"}


def _processor() -> Any:
    return client_of(f"http://127.0.0.1:{ISSUER_PORT}").v1
