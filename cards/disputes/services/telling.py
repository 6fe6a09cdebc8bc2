"""Tell Stripe of disputes that their owners submitted, from a job and outside transactions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from cards.disputes import gateway
from cards.disputes.models import Dispute
from cards.disputes.rules import evidence_for_stripe
from cards.issuing.services.talking import Talk, talk
from cards.issuing.services.telling import OVERDUE, made_at_stripe, told
from holdings.ledger import services as ledger
from krak.core.minor_units import to_minor
from krak.core.money import money
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.stripe.client import OWN_ID


def tell_dispute(dispute_id: UUID, *, now: datetime) -> None:
    """Make a dispute at Stripe and submit it, once; a refusal is noted on it and opens a case.

    Raises:
        TalkUnderWay, StripeUnavailable: it is tried again later.
    """
    with talk(Dispute, dispute_id, now=now) as spoken:
        dispute = spoken.row
        if dispute is None or not _may_ask(dispute):
            return
        if dispute.stripe_id:
            spoken.go_on()
            there = gateway.read_dispute(dispute.stripe_id)
        else:
            there = _made(dispute, spoken)
            _keep_made(dispute, there["id"])
        if there["status"] == "unsubmitted":
            spoken.go_on()
            gateway.submit_dispute(there["id"], key=f"dispute:{dispute.id}:submit")
        _note_told(dispute)


@transaction
def _may_ask(dispute: Dispute) -> bool:
    """Note that Stripe is asked from now on, unless the owner has withdrawn the dispute."""
    ledger.lock_books([dispute.customer_id])
    dispute.refresh_from_db()
    row = Dispute.objects.filter(id=dispute.id)
    if dispute.withdrawn_at is not None:
        row.update(**told(dispute.revision))
        return False
    row.filter(asked_at=None).update(asked_at=Now())
    return True


def _made(dispute: Dispute, spoken: Talk[Dispute]) -> dict[str, Any]:
    purchase = dispute.transaction.stripe_id
    fields = {
        "transaction": purchase,
        "amount": to_minor(money(dispute.amount, dispute.currency)),
        "evidence": evidence_for_stripe(
            dispute.reason, explanation=dispute.explanation, given=dispute.evidence
        ),
        "metadata": {OWN_ID: dispute.shown_id},
    }
    return made_at_stripe(
        dispute,
        spoken,
        find=lambda: gateway.find_dispute(dispute.shown_id, transaction=purchase),
        make=lambda: gateway.create_dispute(fields, key=f"dispute:{dispute.id}"),
    )


@transaction
def _keep_made(dispute: Dispute, stripe_id: str) -> None:
    ledger.lock_books([dispute.customer_id])
    Dispute.objects.filter(id=dispute.id, stripe_id="").update(stripe_id=stripe_id)


@transaction
def _note_told(dispute: Dispute) -> None:
    ledger.lock_books([dispute.customer_id])
    Dispute.objects.filter(id=dispute.id).update(**told(dispute.revision))


@takes_part
def tell_again(*, now: datetime) -> int:
    """Promise anew what Stripe should long know and did not refuse; return how many disputes."""
    behind = Dispute.objects.filter(
        revision__gt=F("told_revision"),
        refusal="",
        talking_until=None,
        withdrawn_at=None,
        sent_at__lt=now - OVERDUE,
    ).values_list("id", flat=True)
    for dispute_id in behind:
        outbox.promise("disputes.tell", {"dispute": str(dispute_id)})
    return len(behind)
