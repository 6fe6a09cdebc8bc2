"""A life begins: an account, a second factor, who one is."""

from krak.core.ids import uuid7
from tests.identity.phone import totp
from tests.phone.app import App, euros


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
