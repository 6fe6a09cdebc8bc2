"""/v1/topups, /v1/balance and /v1/balance_transactions"""

from typing import Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.calls import Call, Page, Plain, page
from krak.sandbox.issuer.errors import unexpected_state
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.store import Document

KIND: Final = "topup"


def create(call: Call) -> Document:
    """POST /v1/topups; only `destination_balance=issuing` reaches the Issuing balance"""
    given = call.read(
        {
            "amount": forms.integer(1),
            "currency": forms.currency,
            "description": forms.text(),
            # Documented by Stripe, though the client's types do not know it.
            "destination_balance": forms.one_of("issuing", "payments"),
            "metadata": forms.metadata,
            "payment_method": forms.text(),
            "payment_method_options": forms.anything,
            "source": forms.text(),
            "statement_descriptor": forms.text(15),
            "transfer_group": forms.text(),
        }
    )
    forms.require(given, "amount", "currency")
    now, wait = call.issuer.now(), call.issuer.rules().topups_arrive_after_seconds
    made = shapes.topup(
        stripe_id=call.issuer.new_id("tu"),
        amount=given["amount"],
        currency=given["currency"],
        created=now,
        expected_at=now + int(wait or 86_400),
        description=given.get("description"),
        statement_descriptor=given.get("statement_descriptor"),
        transfer_group=given.get("transfer_group"),
        metadata=forms.merged({}, given.get("metadata", {}), all_cleared=False),
    )
    made["_to"] = given.get("destination_balance", "payments")
    return call.issuer.add(made, told="topup.created")


def retrieve(call: Call) -> Document:
    """GET /v1/topups/{id}"""
    call.read({})
    return call.issuer.get(KIND, call.id)


def update(call: Call) -> Document:
    """POST /v1/topups/{id}"""
    topup = call.issuer.get(KIND, call.id)
    given = call.read({"description": forms.text(), "metadata": forms.metadata})
    topup["description"] = given.get("description", topup["description"])
    if "metadata" in given:
        topup["metadata"] = forms.merged(
            topup["metadata"], given["metadata"], all_cleared=call.params["metadata"] == ""
        )
    return call.issuer.store.save(topup)


def cancel(call: Call) -> Document:
    """POST /v1/topups/{id}/cancel"""
    call.read({})
    return _end(call.issuer, call.id, "canceled")


def list_all(call: Call) -> Page:
    """GET /v1/topups"""
    status = forms.one_of("canceled", "failed", "pending", "succeeded")
    return page(call, KIND, {"amount": forms.integer(), "status": status})


def arrive(issuer: Issuer, stripe_id: str) -> Document:
    """Let the money of a top-up arrive."""
    topup = issuer.get(KIND, stripe_id)
    _require_pending(topup)
    topup["status"] = "succeeded"
    topup["balance_transaction"] = issuer.move(
        topup["amount"], topup["currency"], kind="topup", source=stripe_id, of=topup["_to"]
    )
    issuer.store.save(topup)
    issuer.tell("topup.succeeded", topup)
    return topup


def fail(issuer: Issuer, stripe_id: str) -> Document:
    """Let the bank refuse a top-up."""
    return _end(
        issuer,
        stripe_id,
        "failed",
        failure_code="insufficient_funds",
        failure_message="The bank account has too little.",
    )


def reverse(issuer: Issuer, stripe_id: str) -> Document:
    """Let the bank take back a top-up that had arrived."""
    topup = issuer.get(KIND, stripe_id)
    if topup["status"] != "succeeded":
        raise unexpected_state(f"This top-up is {topup['status']}, not succeeded.")
    topup["status"] = "reversed"
    issuer.move(
        -topup["amount"],
        topup["currency"],
        kind="topup_reversal",
        source=stripe_id,
        of=topup["_to"],
    )
    issuer.store.save(topup)
    issuer.tell("topup.reversed", topup)
    return topup


def _end(issuer: Issuer, stripe_id: str, status: str, **changes: str) -> Document:
    topup = issuer.get(KIND, stripe_id)
    _require_pending(topup)
    topup |= {"status": status, **changes}
    issuer.store.save(topup)
    issuer.tell(f"topup.{status}", topup)
    return topup


def _require_pending(topup: Document) -> None:
    if topup["status"] != "pending":
        raise unexpected_state(f"This top-up is {topup['status']}, not pending.")


def arrive_in_time(issuer: Issuer) -> float | None:
    """Let top-ups arrive whose time has come; return the seconds until the next one."""
    wait = issuer.rules().topups_arrive_after_seconds
    if wait is None:
        return None
    pauses = []
    for topup in issuer.store.select(KIND, {"status": "pending"}):
        left = topup["created"] + wait - issuer.now()
        if left > 0:
            pauses.append(left)
            continue
        with issuer.store.change():
            arrive(issuer, topup["id"])
    return min(pauses, default=None)


# --- The balance ---------------------------------------------------------------------------------
def balance(call: Call) -> Plain:
    """GET /v1/balance"""
    call.read({})
    amounts: dict[str, dict[str, int]] = {"issuing": {}, "payments": {"usd": 0}}
    for kind, currency, amount in call.issuer.store.query(
        "SELECT kind, currency, amount FROM balances WHERE kind IN ('issuing', 'payments')"
    ):
        amounts[kind][currency] = amount
    return Plain(shapes.balance(issuing=amounts["issuing"], payments=amounts["payments"]))


def retrieve_record(call: Call) -> Document:
    """GET /v1/balance_transactions/{id}"""
    call.read({})
    return call.issuer.get("balance_transaction", call.id)


def list_records(call: Call) -> Page:
    """GET /v1/balance_transactions"""
    filters = dict.fromkeys(("currency", "source", "type"), forms.text())
    return page(call, "balance_transaction", filters)
