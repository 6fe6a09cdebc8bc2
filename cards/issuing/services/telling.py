"""Tell Stripe what we want of a card or cardholder, from a job and outside transactions.

What is told is how the row stands at that moment, so that a wish which was overtaken is never
sent. One job speaks about a row at a time. What was made at Stripe while we died is found again
by our id, which it carries.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now

from cards.issuing import gateway
from cards.issuing.models import (
    Card,
    CardDirectory,
    Cardholder,
    CardStatus,
    EndReason,
)
from cards.issuing.queries import controls_of
from cards.issuing.rules import key_of_card, spending_controls
from cards.issuing.services.cards import cancel
from cards.issuing.services.talking import Talk, talk
from holdings.ledger import services as ledger
from krak.core.errors import DomainError, Kind
from krak.core.outbox import services as outbox
from krak.core.rows import save_row
from krak.core.transactions import takes_part, transaction
from krak.stripe.client import OWN_ID, StripeRefused
from krak.stripe.rows import Told

OVERDUE: Final = timedelta(minutes=10)
STRIPES_WORDS: Final = {EndReason.LOST: "lost", EndReason.STOLEN: "stolen"}


class WrongMode(DomainError):
    """Stripe made it in another mode than ours: the key belongs to another Krak."""

    code = "issuing.wrong_mode"
    title = "The card processor works in another mode."
    kind = Kind.UNAVAILABLE


def tell_cardholder(cardholder_id: UUID, *, now: datetime) -> None:
    """Make or correct a cardholder at Stripe, so that it is as ours.

    A refusal is noted on the row and opens a case.

    Raises:
        TalkUnderWay, StripeUnavailable: it is tried again later.
    """
    with talk(Cardholder, cardholder_id, now=now) as spoken:
        if spoken.row is not None:
            _bring_cardholder(spoken.row, spoken)


def tell_card(card_id: UUID, *, now: datetime) -> None:
    """Make or change a card at Stripe, and first its holder, so that it is as ours.

    Raises:
        TalkUnderWay, StripeUnavailable: it is tried again later.
    """
    with talk(Card, card_id, now=now) as spoken:
        card = spoken.row
        if card is None:
            return
        holder = Cardholder.objects.get(id=card.cardholder_id)
        if not holder.stripe_id:
            tell_cardholder(holder.id, now=now)
            holder.refresh_from_db()
        if not holder.stripe_id:
            # Refused: that case is open, and a correction of the holder tells of the card again.
            return
        if card.replaces and not card.stripe_id:
            # Stripe replaces a lost card only once it knows that it ended.
            tell_card(card.replaces.id, now=now)
        _bring_card(card, holder, spoken)


def _bring_cardholder(holder: Cardholder, spoken: Talk[Cardholder]) -> None:
    revision, fields = holder.revision, _cardholder_fields(holder)
    key = f"cardholder:{holder.id}:{revision}"
    if holder.stripe_id:
        spoken.go_on()
        gateway.update_cardholder(holder.stripe_id, fields, key=key)
    else:
        email = holder.customer.user.email
        # Stripe takes a name once; later ones are the first and last name of the individual.
        fields |= {"type": "individual", "name": str(holder)[:24], "email": email}
        made = made_at_stripe(
            holder,
            spoken,
            find=lambda: gateway.find_cardholder(holder.shown_id, email=email),
            make=lambda: gateway.create_cardholder(fields, key=key),
        )
        holder.stripe_id = made["id"]
    with transaction():
        ledger.lock_books([holder.customer_id])
        Cardholder.objects.filter(id=holder.id).update(stripe_id=holder.stripe_id, **told(revision))
        _promise_waiting_cards(holder)


def _promise_waiting_cards(holder: Cardholder) -> None:
    for card in Card.objects.filter(cardholder=holder, status=CardStatus.PENDING):
        outbox.promise("issuing.tell_card", {"card": str(card.id)})


def _cardholder_fields(holder: Cardholder) -> dict[str, Any]:
    """Return what Stripe takes when a cardholder is made and when one is changed."""
    individual: dict[str, Any] = {
        "first_name": holder.first_name,
        "last_name": holder.last_name,
    }
    if holder.terms_accepted_at:
        individual["card_issuing"] = {
            "user_terms_acceptance": {
                "date": int(holder.terms_accepted_at.timestamp()),
                "ip": holder.terms_accepted_ip,
            }
        }
    return {
        **({"phone_number": holder.phone_number} if holder.phone_number else {}),
        "billing": {"address": holder.address},
        "individual": individual,
        "metadata": {OWN_ID: holder.shown_id},
    }


def _bring_card(card: Card, holder: Cardholder, spoken: Talk[Card]) -> None:
    if not card.stripe_id:
        if card.status == CardStatus.CANCELED and card.asked_at is None:
            # It ended before Stripe ever heard of it.
            _note_told(card, card.revision)
            return
        fields = _card_fields(card, holder)
        made = made_at_stripe(
            card,
            spoken,
            find=lambda: gateway.find_card(card.shown_id, cardholder=holder.stripe_id),
            make=lambda: gateway.create_card(fields, key=key_of_card(card.id)),
        )
        _keep_made(card, made)
    revision = card.revision
    key, changes = f"{key_of_card(card.id)}:{revision}", _card_changes(card)
    spoken.go_on()
    try:
        gateway.update_card(card.stripe_id, changes, key=key)
    except StripeRefused:
        # Controls that Stripe does not take must not keep a card from being frozen there.
        status = {"status": changes["status"]}
        if status != changes:
            spoken.go_on()
            gateway.update_card(card.stripe_id, status, key=f"{key}:status")
        raise
    _note_told(card, revision)


@transaction
def _note_told(card: Card, revision: int) -> None:
    ledger.lock_books([card.customer_id])
    Card.objects.filter(id=card.id).update(**told(revision))


def told(revision: int) -> dict[str, Any]:
    """Return what to note on a row once Stripe took it as it stood at this revision."""
    return {"told_revision": revision, "told_at": Now(), "refusal": ""}


def made_at_stripe[Row: Told](
    row: Row,
    spoken: Talk[Row],
    *,
    find: Callable[[], dict[str, Any] | None],
    make: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Return what stands at Stripe for a row: an earlier attempt's, else one made now."""
    spoken.go_on()
    made = find() if row.asked_at is not None else None
    if made is None:
        with transaction():
            rows = type(row)._default_manager  # noqa: SLF001 - Django's name for it
            rows.filter(pk=row.pk, asked_at=None).update(asked_at=Now())
        spoken.go_on()
        made = make()
    if made["livemode"] is not settings.STRIPE_LIVEMODE:
        raise WrongMode(row=row.shown_id)
    return made


@transaction
def _keep_made(card: Card, made: dict[str, Any]) -> None:
    """Let a card that Stripe has made pay; a posted one waits for its owner to unfreeze it.

    A worn card that a virtual one replaces ends here.
    """
    ledger.lock_books([card.customer_id])
    card.refresh_from_db()
    card.stripe_id, card.last4 = made["id"], made["last4"]
    card.expires_on = _last_day(made["exp_year"], made["exp_month"])
    card.shipping_status = ((made.get("shipping") or {}).get("status") or "")[:20]
    if card.status == CardStatus.PENDING:
        active = made["status"] == "active"
        card.status = CardStatus.ACTIVE if active else CardStatus.INACTIVE
    save_row(card)
    CardDirectory.objects.create(stripe_id=made["id"], customer_id=card.customer_id, card=card)
    if card.replaces and card.status == CardStatus.ACTIVE:
        cancel(card=card.replaces, reason=EndReason(card.replaces.end_reason))


def _last_day(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def _card_fields(card: Card, holder: Cardholder) -> dict[str, Any]:
    """Return what a card is made of: nothing that changes, so that a repeat asks the same."""
    fields: dict[str, Any] = {
        "cardholder": holder.stripe_id,
        "currency": card.currency.lower(),
        "type": card.type.lower(),
        "status": "active" if card.shipping is None else "inactive",
        "metadata": {OWN_ID: card.shown_id},
    }
    if card.shipping is not None:
        fields["shipping"] = card.shipping
    if card.replaces and card.replaces.stripe_id:
        fields["replacement_for"] = card.replaces.stripe_id
        fields["replacement_reason"] = card.replaces.end_reason.lower()
    return fields


def _card_changes(card: Card) -> dict[str, Any]:
    """Return what Stripe should change: a canceled card takes nothing but its end."""
    if card.status == CardStatus.CANCELED:
        reason = STRIPES_WORDS.get(EndReason(card.end_reason)) if card.end_reason else None
        return {"status": "canceled", **({"cancellation_reason": reason} if reason else {})}
    return {"status": card.status.lower(), "spending_controls": _controls(card)}


def _controls(card: Card) -> dict[str, Any]:
    return spending_controls(controls_of(card), currency=card.currency)


@takes_part
def tell_again(*, now: datetime) -> int:
    """Promise anew what Stripe should long know and did not refuse; return how many rows.

    So that no wish is lost even when its message died: a job runs this every few minutes.
    """
    behind = Q(revision__gt=F("told_revision"), refusal="", talking_until=None)
    fresh = Q(asked_at__gt=now - OVERDUE) | Q(created_at__gt=now - OVERDUE)
    holders = Cardholder.objects.filter(behind).exclude(fresh).values_list("id", flat=True)
    cards = Card.objects.filter(behind).exclude(fresh).values_list("id", flat=True)
    for holder_id in holders:
        outbox.promise("issuing.tell_cardholder", {"cardholder": str(holder_id)})
    for card_id in cards:
        outbox.promise("issuing.tell_card", {"card": str(card_id)})
    return len(holders) + len(cards)
