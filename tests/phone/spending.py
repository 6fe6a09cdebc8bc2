"""Money comes in, becomes bitcoin, pays for a dinner, and part of it comes back."""

from typing import Any

from tests.phone.app import App, euros

PERSON = {
    "first_name": "Ada", "last_name": "Lovelace", "phone_number": "+4930123456",
    "address": {
        "line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE",
    },
}  # fmt: skip


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


def has_a_card(ada: App, processor: Any) -> str:
    """Order a card, and return what the processor calls it."""
    ada.done("PUT", "/v1/cardholder", PERSON)
    ordered = ada.done("POST", "/v1/cards", {"type": "virtual"})
    assert ordered["status"] == "pending"
    ada.settle()
    card = ada.done("GET", f"/v1/cards/{ordered['id']}")
    assert (card["status"], card["currency"], card["settled"]) == ("active", "EUR", True)
    made = processor.issuing.cards.list({"limit": 10}).data
    (stripe_id,) = [each.id for each in made if each.last4 == card["last4"]]
    return str(stripe_id)


def eats(ada: App, processor: Any, card: str) -> str:
    """Pay 24,000 yen with 100 euros and bitcoin for 50; return the authorization."""
    till = processor.test_helpers.issuing.authorizations
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
    (reward,) = receipt["cashback"]
    assert reward == {"value": euros("1.50"), "units": euros("1.50"), "multiplier": None}
    assert ada.done("GET", "/v1/cashback")["totals"] == [euros("1.50")]
    assert ada.balances() == {"EUR": "1.50", "BTC": "0.00865"}
