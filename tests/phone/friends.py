"""Money between people: a split bill, a taxi."""

from krak.core.ids import uuid7
from tests.phone.app import App, dollars, euros


def friend(krak: str, name: str, currency: str) -> App:
    """Return somebody with a tag and 100 of their currency."""
    asked = {"country": "BR", "card_currency": currency, "cash": "100.00"}
    made = App(url=krak).done("POST", "/v1/sandbox/customers", asked)
    app = App(url=krak, token=made["access_token"])
    app.done("PUT", "/v1/me/tag", {"tag": f"{name}{uuid7().hex[-10:]}"})
    return app


def splits_the_bill(ada: App, friends: list[App]) -> None:
    """90 euros by three; whoever has no euros pays with dollars, at a price shown first."""
    shares = [{"tag": _tag(each)} for each in friends]
    bill = ada.done("POST", "/v1/split-bills", {"amount": euros("90.00"), "shares": shares})
    assert (bill["own"], bill["people"], bill["shares_paid"]) == (euros("30.00"), 3, 0)
    for each, pays in zip(friends, [euros("30.00"), dollars("37.50")], strict=True):
        (asked,) = each.done("GET", "/v1/payment-requests")["results"]
        path = f"/v1/payment-requests/{asked['id']}"
        price = each.done("POST", f"{path}/quote", {})
        assert price["pay"] == pays | {"multiplier": None}
        quote = {"quote": price["quote"]["id"]} if price["quote"] else {}
        assert each.done("POST", f"{path}/pay", quote)["state"] == "completed"
    assert [each.balances() for each in friends] == [{"EUR": "70.00"}, {"USD": "62.50"}]
    bill = ada.done("GET", f"/v1/split-bills/{bill['id']}")
    assert (bill["paid"], bill["shares_paid"]) == (euros("60.00"), 2)
    assert ada.balances() == {"EUR": "61.50", "BTC": "0.00865"}


def pays_the_taxi(ada: App, alan: App) -> None:
    """20 dollars, from bitcoin."""
    asked = {"to": _tag(alan), "amount": dollars("20.00")}
    price = ada.done("POST", "/v1/transfers/quote", asked | {"from": "BTC"})
    assert price["pay"] == {"amount": "0.0004", "currency": "BTC", "multiplier": None}
    told = asked | {"quote": price["quote"]["id"], "note": "Taxi"}
    assert ada.done("POST", "/v1/transfers", told)["state"] == "completed"
    assert ada.balances() == {"EUR": "61.50", "BTC": "0.00825"}
    assert alan.balances() == {"USD": "82.50"}


def _tag(app: App) -> str:
    return str(app.done("GET", "/v1/me")["tag"])
