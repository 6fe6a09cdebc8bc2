"""What people paid each other; tags and notes go with whose they are."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from holdings.transfers.models import (
    Request,
    RequestState,
    SplitShare,
    Transfer,
    TransferKind,
    TransferState,
)
from krak.core.idempotency import services as idempotency
from krak.core.outbox import services as outbox
from krak.core.personal import Obstacle, Person, holds, objects, sweeps, sweeps_later
from krak.notifications import services as notifications

BOOKS = "books must be kept"


def _no_tag(share: SplitShare) -> str:
    return f"x{share.pk.hex[-19:]}"


holds("transfers.Transfer", erases={"note": "", "sender_tag": ""}, keeps=BOOKS)
holds("transfers.TransferParty", keeps=BOOKS)
holds("transfers.PaymentLink", hides=("digest",), keeps=BOOKS)
holds("transfers.Request", erases={"note": "", "requester_tag": ""}, keeps=BOOKS)
holds("transfers.RequestParty", keeps=BOOKS)
holds("transfers.SplitBill", erases={"note": ""}, keeps=BOOKS)
holds("transfers.SplitShare", erases={"tag": _no_tag}, keeps=BOOKS)


@objects
def _waiting(customer_id: UUID) -> Sequence[Obstacle]:
    found = []
    pending = Transfer.objects.filter(state=TransferState.PENDING)
    if pending.filter(customer_id=customer_id, kind=TransferKind.LINK).exists():
        found.append(
            Obstacle(
                "payment_links_open", "Payment links hold money; cancel them.", "/v1/payment-links"
            )
        )
    sent = Q(customer_id=customer_id) & ~Q(kind=TransferKind.LINK)
    if pending.filter(sent | Q(recipient_id=customer_id)).exists():
        found.append(
            Obstacle(
                "transfers_pending", "Payments wait; cancel, take, or let them run out.",
                "/v1/transfers",
            )
        )  # fmt: skip
    asked = Request.objects.filter(Q(customer_id=customer_id) | Q(payer_id=customer_id))
    if asked.filter(state=RequestState.OPEN).exists():
        found.append(
            Obstacle(
                "payment_requests_open", "Requests are open; cancel, pay or decline them.",
                "/v1/payment-requests",
            )
        )  # fmt: skip
    return found


@sweeps
def _on_the_other_side(person: Person, _now: datetime) -> None:
    """Tags stand in the rows of whoever paid, asked or shared a bill, too."""
    received = Transfer.objects.filter(recipient_id=person.customer_id)
    received.update(recipient_tag="")
    # Of what was paid as they had asked, the note is theirs.
    received.filter(kind=TransferKind.REQUEST).update(note="")
    Request.objects.filter(payer_id=person.customer_id).update(payer_tag="")
    named = Q(request__payer_id=person.customer_id) | Q(request=None, tag__in=list(person.words))
    for share in SplitShare.objects.filter(named):
        share.tag = _no_tag(share)
        share.save(update_fields=["tag"])


@sweeps_later
def _told_to_others(person: Person, _now: datetime) -> None:
    """What the others were told and answered names them by tag, and says their notes."""
    mine = Q(customer_id=person.customer_id)
    paid = Transfer.objects.filter(mine | Q(recipient_id=person.customer_id)).exclude(
        recipient=None
    )
    asked = Request.objects.filter(mine | Q(payer_id=person.customer_id))
    about: dict[UUID, set[str]] = {}
    for transfer in paid:
        for customer_id in filter(None, (transfer.customer_id, transfer.recipient_id)):
            about.setdefault(customer_id, set()).add(transfer.shown_id)
    for request in asked:
        for customer_id in (request.customer_id, request.payer_id):
            about.setdefault(customer_id, set()).add(request.shown_id)
    about.pop(person.customer_id, None)
    for customer_id, ids in about.items():
        notifications.forget_people(customer_id=customer_id, about=ids)
        outbox.drop_done(customer_id=customer_id, about=ids)
        idempotency.forget(owner=customer_id, words=person.words, about=ids)
