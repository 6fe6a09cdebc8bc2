"""Money goes out, and the phone is put away."""

from tests.phone.app import App, euros

BANK = {"rail": "bank", "account": "DE89370400440532013000", "holder": "Ada Lovelace"}


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


def leaves(ada: App) -> None:
    """End this device: its token is worth nothing any more."""
    (device,) = ada.done("GET", "/v1/devices")["results"]
    assert device["current"] is True
    assert ada.delete(f"/v1/devices/{device['id']}").status_code == 204
    assert ada.get("/v1/me").status_code == 401
