"""/v1/issuing/tokens and /v1/ephemeral_keys: how an app shows a card and puts it into a wallet"""

import secrets
from typing import Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.calls import Call, Page, page
from krak.sandbox.issuer.errors import StripeProblem, missing_resource, unexpected_state
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.store import Document

KIND: Final = "issuing.token"
UPDATED: Final = "issuing_token.updated"
KEY_SECONDS: Final = 3600


def retrieve(call: Call) -> Document:
    """GET /v1/issuing/tokens/{id}"""
    call.read({})
    return call.issuer.get(KIND, call.id)


def update(call: Call) -> Document:
    """POST /v1/issuing/tokens/{id}; a deleted token stays deleted"""
    token = call.issuer.get(KIND, call.id)
    given = call.read({"status": forms.one_of("active", "deleted", "suspended")})
    forms.require(given, "status")
    if token["status"] == "deleted" and given["status"] != "deleted":
        raise unexpected_state("You cannot update a deleted token.")
    with call.issuer.changing(token, told=UPDATED):
        token["status"] = given["status"]
        token["network_updated_at"] = call.issuer.now()
    return token


def list_all(call: Call) -> Page:
    """GET /v1/issuing/tokens, of one card"""
    forms.require(call.params, "card")
    call.issuer.get("issuing.card", str(call.params["card"]), param="card")
    status = forms.one_of("active", "deleted", "requested", "suspended")
    return page(call, KIND, {"card": forms.text(), "status": status})


def provision(issuer: Issuer, *, card: str, wallet: str, status: str) -> Document:
    """Put a card into a wallet, as the cardholder's telephone does."""
    issuer.get("issuing.card", card, param="card")
    made = shapes.token(
        stripe_id=issuer.new_id("intok"),
        card=card,
        last4=f"{secrets.randbelow(10_000):04}",
        wallet_provider=wallet,
        status=status,
        created=issuer.now(),
    )
    return issuer.add(made, told="issuing_token.created")


# --- Ephemeral keys ------------------------------------------------------------------------------
def create_key(call: Call) -> Document:
    """POST /v1/ephemeral_keys; a nonce of the browser's serves once"""
    issuer = call.issuer
    given = call.read({"issuing_card": forms.text(), "nonce": forms.text()})
    forms.require(given, "issuing_card")
    card = issuer.get("issuing.card", given["issuing_card"], param="issuing_card")
    nonce = given.get("nonce")
    if nonce and issuer.store.select("ephemeral_key", {"_nonce": nonce}, limit=1):
        raise StripeProblem("This nonce has been used already.", param="nonce")
    made = shapes.ephemeral_key(
        stripe_id=issuer.new_id("ephkey"),
        card=card["id"],
        secret=f"ek_test_{secrets.token_urlsafe(32)}",
        created=issuer.now(),
        expires=issuer.now() + KEY_SECONDS,
    )
    return issuer.add({**made, "_nonce": nonce, "_version": call.version})


def delete_key(call: Call) -> Document:
    """DELETE /v1/ephemeral_keys/{id}; it expires now, and is gone"""
    call.read({})
    key = call.issuer.store.find("ephemeral_key", call.id)
    if key is None or key["expires"] <= call.issuer.now():
        raise missing_resource("ephemeral key", call.id)
    key["expires"] = call.issuer.now()
    return call.issuer.store.save(key)
