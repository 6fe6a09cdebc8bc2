"""/v1/payment_intents and /v1/refunds; what payers, banks and networks do comes by control."""

from typing import Any, Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.calls import Call, Page, page
from krak.sandbox.issuer.errors import StripeProblem, unexpected_state
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.store import Document

KIND: Final = "payment_intent"
REFUND: Final = "refund"
DISPUTE: Final = "dispute"
ENDED: Final = frozenset({"succeeded", "canceled"})
LEAST_MINOR: Final = 50
"""About what Stripe takes at least; each currency has its own."""


def create(call: Call) -> Document:
    """POST /v1/payment_intents"""
    given = call.read(
        {
            "amount": forms.integer(1),
            "currency": forms.currency,
            "description": forms.text(),
            "metadata": forms.metadata,
            "payment_method_types": forms.listed(forms.text(40)),
        }
    )
    forms.require(given, "amount", "currency")
    if given["amount"] < LEAST_MINOR:
        raise StripeProblem(
            "Amount must be at least 50 of the smallest unit.",
            code="amount_too_small",
            param="amount",
        )
    stripe_id = call.issuer.new_id("pi")
    made = shapes.payment_intent(
        stripe_id=stripe_id,
        client_secret=call.issuer.new_id(f"{stripe_id}_secret"),
        amount=given["amount"],
        currency=given["currency"],
        payment_method_types=given.get("payment_method_types", ["card"]),
        created=call.issuer.now(),
        metadata=forms.merged({}, given.get("metadata", {}), all_cleared=False),
        description=given.get("description"),
    )
    return call.issuer.add(made, told="payment_intent.created")


def retrieve(call: Call) -> Document:
    """GET /v1/payment_intents/{id}"""
    call.read({"client_secret": forms.text()})
    return call.issuer.get(KIND, call.id)


def list_all(call: Call) -> Page:
    """GET /v1/payment_intents"""
    return page(call, KIND, {"customer": forms.text()})


def confirm(call: Call) -> Document:
    """POST /v1/payment_intents/{id}/confirm: what the app's SDK does; the payer pays"""
    call.read({"payment_method": forms.text(), "return_url": forms.text()})
    return pay(call.issuer, call.id, "succeeded")


def cancel(call: Call) -> Document:
    """POST /v1/payment_intents/{id}/cancel"""
    call.read({"cancellation_reason": forms.text()})
    return pay(call.issuer, call.id, "canceled")


def refund(call: Call) -> Document:
    """POST /v1/refunds"""
    given = call.read(
        {
            "amount": forms.integer(1),
            "metadata": forms.metadata,
            "payment_intent": forms.text(),
            "reason": forms.one_of("duplicate", "fraudulent", "requested_by_customer"),
        }
    )
    forms.require(given, "payment_intent")
    issuer = call.issuer
    intent = issuer.get(KIND, given["payment_intent"], param="payment_intent")
    left = intent["amount_received"] - intent["_refunded"] if intent["latest_charge"] else 0
    amount = given.get("amount", left)
    if not 0 < amount <= left:
        raise StripeProblem(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
            param="amount",
        )
    intent["_refunded"] += amount
    issuer.store.save(intent)
    made = shapes.refund(
        stripe_id=issuer.new_id("re"),
        amount=amount,
        currency=intent["currency"],
        charge=intent["latest_charge"],
        payment_intent=intent["id"],
        created=issuer.now(),
        reason=given.get("reason"),
        metadata=forms.merged({}, given.get("metadata", {}), all_cleared=False),
    )
    issuer.move(-amount, intent["currency"], kind="refund", source=made["id"], of="payments")
    return issuer.add(made, told="refund.created")


def retrieve_refund(call: Call) -> Document:
    """GET /v1/refunds/{id}"""
    call.read({})
    return call.issuer.get(REFUND, call.id)


def retrieve_dispute(call: Call) -> Document:
    """GET /v1/disputes/{id}"""
    call.read({})
    return call.issuer.get(DISPUTE, call.id)


# --- What others do: by the control door ---------------------------------------------------------
def pay(
    issuer: Issuer, stripe_id: str, outcome: str, *, amount: int | None = None,
    currency: str | None = None,
) -> Document:  # fmt: skip
    """Let a payer pay, their bank take its time (`processing`), decline (`failed`) or nobody pay.

    `amount` and `currency` are of what is received, where that is not what was asked.
    """
    intent = issuer.get(KIND, stripe_id)
    if intent["status"] in ENDED:
        raise unexpected_state(f"This PaymentIntent is {intent['status']} already.")
    changes, event = _outcome(issuer, intent, outcome, amount)
    if currency:
        changes["currency"] = currency
    intent |= changes
    if outcome == "succeeded":
        issuer.move(
            intent["amount_received"], intent["currency"], kind="charge",
            source=intent["latest_charge"], of="payments",
        )  # fmt: skip
    issuer.store.save(intent)
    issuer.tell(f"payment_intent.{event}", intent)
    return intent


def _outcome(
    issuer: Issuer, intent: Document, outcome: str, amount: int | None
) -> tuple[Document, str]:
    match outcome:
        case "succeeded":
            received = amount or intent["amount"]
            charge = issuer.new_id("ch")
            changes: Document = {
                "status": "succeeded", "amount_received": received, "latest_charge": charge,
                "last_payment_error": None, "_refunded": 0,
            }  # fmt: skip
            return changes, "succeeded"
        case "processing":
            return {"status": "processing"}, "processing"
        case "failed":
            error = {
                "code": "card_declined", "message": "Your card was declined.", "type": "card_error",
            }  # fmt: skip
            changes = {"status": "requires_payment_method", "last_payment_error": error}
            return changes, "payment_failed"
        case "canceled":
            return {"status": "canceled", "canceled_at": issuer.now()}, "canceled"
        case other:
            raise unexpected_state(f"A payment cannot be {other}.")


def fail_refund(issuer: Issuer, stripe_id: str) -> Document:
    """Let the payer's bank send a refund back."""
    found = issuer.get(REFUND, stripe_id)
    if found["status"] == "failed":
        raise unexpected_state("This refund has failed already.")
    found |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    issuer.store.save(found)
    issuer.move(
        found["amount"], found["currency"], kind="refund_failure", source=found["id"], of="payments"
    )
    issuer.tell("refund.failed", found)
    return found


def dispute(issuer: Issuer, intent_id: str, *, amount: int | None, reason: str) -> Document:
    """Let the payer dispute a payment; the money is taken from the account at once."""
    intent = issuer.get(KIND, intent_id)
    if intent["latest_charge"] is None:
        raise unexpected_state("Nothing was paid that could be disputed.")
    made = shapes.charge_dispute(
        stripe_id=issuer.new_id("du"),
        amount=amount or intent["amount_received"],
        currency=intent["currency"],
        charge=intent["latest_charge"],
        payment_intent=intent["id"],
        created=issuer.now(),
        reason=reason,
    )
    issuer.add(made, told="charge.dispute.created")
    _move(issuer, made, -made["amount"])
    issuer.tell("charge.dispute.funds_withdrawn", made)
    return made


def decide_dispute(issuer: Issuer, stripe_id: str, outcome: str) -> Document:
    """Let the network decide: `won` gives the money back, `lost` leaves it with the payer."""
    found = issuer.get(DISPUTE, stripe_id)
    if found["status"] in {"won", "lost"}:
        raise unexpected_state(f"This dispute is {found['status']} already.")
    if outcome not in {"won", "lost"}:
        raise unexpected_state(f"A dispute cannot be {outcome}.")
    found["status"] = outcome
    issuer.store.save(found)
    if outcome == "won":
        _move(issuer, found, found["amount"])
        issuer.tell("charge.dispute.funds_reinstated", found)
    issuer.tell("charge.dispute.closed", found)
    return found


def _move(issuer: Issuer, found: dict[str, Any], amount: int) -> None:
    issuer.move(amount, found["currency"], kind="adjustment", source=found["id"], of="payments")
