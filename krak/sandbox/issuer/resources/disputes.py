"""/v1/issuing/disputes"""

from typing import Any, Final

from krak.sandbox.issuer import forms, shapes
from krak.sandbox.issuer.calls import Call, Page, page
from krak.sandbox.issuer.errors import StripeProblem, unexpected_state
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.resources import transactions
from krak.sandbox.issuer.store import Document

KIND: Final = "issuing.dispute"
OPEN: Final = frozenset({"unsubmitted", "submitted"})

_TEXT: Final = forms.clearable(forms.text(20_000))
_TIME: Final = forms.clearable(forms.integer())
_PRODUCT: Final = forms.clearable(forms.one_of("merchandise", "service"))
_RETURN: Final = forms.clearable(forms.one_of("merchant_rejected", "successful"))
_PARTS: Final[dict[str, forms.Spec]] = {
    "canceled": {
        "canceled_at": _TIME,
        "cancellation_policy_provided": forms.clearable(forms.boolean),
        "cancellation_reason": _TEXT,
        "expected_at": _TIME,
        "product_description": _TEXT,
        "product_type": _PRODUCT,
        "return_status": _RETURN,
        "returned_at": _TIME,
    },
    "duplicate": {
        "card_statement": _TEXT,
        "cash_receipt": _TEXT,
        "check_image": _TEXT,
        "original_transaction": forms.text(),
    },
    "fraudulent": {},
    "merchandise_not_as_described": {
        "received_at": _TIME,
        "return_description": _TEXT,
        "return_status": _RETURN,
        "returned_at": _TIME,
    },
    "no_valid_authorization": {},
    "not_received": {
        "expected_at": _TIME,
        "product_description": _TEXT,
        "product_type": _PRODUCT,
    },
    "other": {"product_description": _TEXT, "product_type": _PRODUCT},
    "service_not_as_described": {
        "canceled_at": _TIME,
        "cancellation_reason": _TEXT,
        "received_at": _TIME,
    },
}
_COMMON: Final[forms.Spec] = {"additional_documentation": _TEXT, "explanation": _TEXT}
_EVIDENCE: Final = forms.table(
    {
        "reason": forms.one_of(*_PARTS),
        **{
            name: forms.clearable(forms.table({**_COMMON, **spec})) for name, spec in _PARTS.items()
        },
    }
)


def create(call: Call) -> Document:
    """POST /v1/issuing/disputes"""
    issuer = call.issuer
    given = call.read(
        {
            "amount": forms.integer(1),
            "evidence": _EVIDENCE,
            "metadata": forms.metadata,
            "transaction": forms.text(),
        }
    )
    forms.require(given, "transaction")
    disputed = issuer.get(transactions.KIND, given["transaction"], param="transaction")
    if disputed["type"] != "capture":
        raise unexpected_state("Only a capture can be disputed.")
    if disputed["dispute"] and issuer.get(KIND, disputed["dispute"])["status"] in OPEN:
        raise unexpected_state(f"Transaction {disputed['id']} is disputed already.")
    amount = given.get("amount", -disputed["amount"])
    if amount > -disputed["amount"]:
        raise StripeProblem("A dispute is at most of the whole transaction.", param="amount")
    made = shapes.dispute(
        stripe_id=issuer.new_id("idp"),
        amount=amount,
        currency=disputed["currency"],
        transaction=disputed["id"],
        created=issuer.now(),
        evidence=_evidence({"reason": "fraudulent"}, given.get("evidence", {})),
        metadata=forms.merged({}, given.get("metadata", {}), all_cleared=False),
    )
    issuer.add(made, told="issuing_dispute.created")
    with issuer.changing(disputed, told=transactions.UPDATED):
        disputed["dispute"] = made["id"]
    return made


def retrieve(call: Call) -> Document:
    """GET /v1/issuing/disputes/{id}"""
    call.read({})
    return call.issuer.get(KIND, call.id)


def update(call: Call) -> Document:
    """POST /v1/issuing/disputes/{id}; what was submitted cannot be changed"""
    dispute = call.issuer.get(KIND, call.id)
    given = call.read(
        {"amount": forms.integer(1), "evidence": _EVIDENCE, "metadata": forms.metadata}
    )
    if dispute["status"] != "unsubmitted" and given.keys() - {"metadata"}:
        raise unexpected_state(f"You cannot change a dispute that is {dispute['status']}.")
    if "amount" in given:
        disputed = call.issuer.get(transactions.KIND, dispute["transaction"])
        if given["amount"] > -disputed["amount"]:
            raise StripeProblem("A dispute is at most of the whole transaction.", param="amount")
    with call.issuer.changing(dispute, told="issuing_dispute.updated"):
        dispute["amount"] = given.get("amount", dispute["amount"])
        dispute["evidence"] = _evidence(dispute["evidence"], given.get("evidence", {}))
        _annotate(dispute, given, call)
    return dispute


def submit(call: Call) -> Document:
    """POST /v1/issuing/disputes/{id}/submit"""
    dispute = call.issuer.get(KIND, call.id)
    given = call.read({"metadata": forms.metadata})
    if dispute["status"] != "unsubmitted":
        raise unexpected_state(f"This dispute is {dispute['status']} already.")
    reason = dispute["evidence"]["reason"]
    if not (dispute["evidence"].get(reason) or {}).get("explanation"):
        raise StripeProblem(
            f"Evidence for the reason {reason} needs an explanation.",
            param=f"evidence[{reason}][explanation]",
        )
    _annotate(dispute, given, call)
    _tell(call.issuer, dispute, "submitted", status="submitted")
    return dispute


def list_all(call: Call) -> Page:
    """GET /v1/issuing/disputes"""
    status = forms.one_of("expired", "lost", "submitted", "unsubmitted", "won")
    return page(call, KIND, {"status": status, "transaction": forms.text()})


def _annotate(dispute: Document, given: dict[str, Any], call: Call) -> None:
    if "metadata" in given:
        dispute["metadata"] = forms.merged(
            dispute["metadata"], given["metadata"], all_cleared=call.params["metadata"] == ""
        )


def _evidence(kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the evidence with what was given on top, every field of a part named."""
    evidence = dict(kept)
    for name, part in given.items():
        if name == "reason" or part is None:
            evidence[name] = part
        else:
            fields = dict.fromkeys((*_COMMON, *_PARTS[name]))
            evidence[name] = {**fields, **(kept.get(name) or {}), **part}
    return evidence


def _tell(issuer: Issuer, dispute: Document, *events: str, **changes: Any) -> None:
    dispute |= changes
    issuer.store.save(dispute)
    for event in events:
        issuer.tell(f"issuing_dispute.{event}", dispute)


# --- The network decides: by the control door ----------------------------------------------------
def win(issuer: Issuer, stripe_id: str, *, amount: int | None) -> Document:
    """Give back the disputed amount, or another that the network settled on."""
    dispute = issuer.get(KIND, stripe_id)
    _require(dispute, "submitted")
    won = amount or dispute["amount"]
    _move(issuer, dispute, won)
    _tell(issuer, dispute, "funds_reinstated", "closed", status="won", amount=won)
    return dispute


def lose(issuer: Issuer, stripe_id: str, *, reason: str) -> Document:
    """Leave the money with the merchant."""
    dispute = issuer.get(KIND, stripe_id)
    _require(dispute, "submitted")
    _tell(issuer, dispute, "closed", status="lost", loss_reason=reason)
    return dispute


def rescind(issuer: Issuer, stripe_id: str) -> Document:
    """Take back what was given back: the merchant has contested with success."""
    dispute = issuer.get(KIND, stripe_id)
    _require(dispute, "won")
    _move(issuer, dispute, -dispute["amount"])
    _tell(issuer, dispute, "funds_rescinded", status="lost", loss_reason="other")
    return dispute


def expire(issuer: Issuer, stripe_id: str) -> Document:
    """Let the time to submit run out."""
    dispute = issuer.get(KIND, stripe_id)
    _require(dispute, "unsubmitted")
    _tell(issuer, dispute, "closed", status="expired")
    return dispute


def _require(dispute: Document, status: str) -> None:
    if dispute["status"] != status:
        raise unexpected_state(f"This dispute is {dispute['status']}, not {status}.")


def _move(issuer: Issuer, dispute: Document, amount: int) -> None:
    record = issuer.move(amount, dispute["currency"], kind="issuing_dispute", source=dispute["id"])
    dispute["balance_transactions"] = [*(dispute["balance_transactions"] or []), record]
