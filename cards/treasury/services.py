"""Watch the money at Stripe and fill it up: meant first, then sent, and so never sent twice."""

import contextlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from cards.treasury import gateway
from cards.treasury.models import FloatReading, FloatRule, State, TopUp
from cards.treasury.rules import Bounds, top_up_needed
from krak.cases import services as cases
from krak.core.ids import MalformedId, read, show, uuid7
from krak.core.minor_units import to_minor
from krak.core.money import money, plain
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.stripe.client import OWN_ID, StripeRefused, own_id_of
from krak.stripe.events import read_amount
from krak.stripe.reading import identifier, text

logger = logging.getLogger(__name__)

AGAIN_AFTER: Final = timedelta(hours=1)
"""Longer than the outbox tries: what is not sent by then nobody is about to send."""
CLOCKS_APART: Final = timedelta(minutes=5)
COMING: Final = (State.INTENDED, State.SENT)
GONE: Final = (State.FAILED, State.CANCELED, State.REVERSED)
STATES: Final = {
    "pending": State.SENT,
    "succeeded": State.SUCCEEDED,
    "failed": State.FAILED,
    "canceled": State.CANCELED,
    "reversed": State.REVERSED,
}


def watch(*, now: datetime) -> None:
    """Read what lies at Stripe, keep it, and mean to send what is missing. Not in a transaction.

    Raises:
        StripeUnavailable: it is looked at again soon.
    """
    _promise_again(now=now)
    balance = gateway.balance()
    for part in (balance.get("issuing") or {}).get("available") or ():
        with transaction():
            _look_at(
                part["currency"].upper(),
                read_amount(part["amount"], part["currency"]),
                now=now,
            )


@transaction
def _promise_again(*, now: datetime) -> None:
    """Promise what was meant and never sent anew, and have a person see why it was not.

    It counts as on its way: until it is sent, or refused, nothing else is sent in its place.
    """
    late = TopUp.objects.alias(since=Coalesce("promised_at", "intended_at")).filter(
        state=State.INTENDED, since__lt=now - AGAIN_AFTER
    )
    for top_up in late.order_by("id").select_for_update(no_key=True, skip_locked=True):
        TopUp.objects.filter(id=top_up.id).update(promised_at=now)
        outbox.promise("treasury.send_top_up", {"top_up": str(top_up.id)})
        _alarm("top_up_not_sent", top_up.currency, now=now, amount=plain(top_up.amount))


def _look_at(currency: str, available: Decimal, *, now: datetime) -> None:
    # Two watches at one moment would both mean the same top-up.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"float:{currency}"])
    on_its_way = _sum(TopUp.objects.filter(currency=currency, state__in=COMING))
    FloatReading.objects.create(
        id=uuid7(), currency=currency, available=available, on_its_way=on_its_way, read_at=now
    )
    rule = (
        FloatRule.objects.filter(currency=currency, effective_at__lte=now)
        .order_by("-effective_at")
        .first()
    )
    if rule is None:
        return
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    todays = TopUp.objects.filter(currency=currency, intended_at__gte=today)
    bounds = Bounds(rule.floor, rule.target, rule.most_per_top_up, rule.most_per_day)
    amount = top_up_needed(
        bounds,
        available=available,
        on_its_way=on_its_way,
        sent_today=_sum(todays.exclude(state__in=GONE)),
    )
    if amount > 0:
        top_up = TopUp.objects.create(id=uuid7(), currency=currency, amount=amount, intended_at=now)
        outbox.promise("treasury.send_top_up", {"top_up": str(top_up.id)})
    elif available + on_its_way < rule.floor:
        _alarm("float_low", currency, now=now, available=plain(available), why="the day is used up")


def _sum(top_ups: Any) -> Decimal:
    total: Decimal = top_ups.aggregate(total=Sum("amount", default=Decimal(0)))["total"]
    return total


def send(top_up_id: UUID, *, now: datetime) -> None:
    """Send a top-up that was meant; again sends nothing more. Not in a transaction.

    Raises:
        StripeUnavailable: it is tried again later.
    """
    top_up = TopUp.objects.get(id=top_up_id)
    if top_up.state != State.INTENDED:
        return
    own_id = show(TopUp.PREFIX, top_up.id)
    if now - top_up.intended_at > AGAIN_AFTER and (found := _find(top_up, own_id)):
        with transaction():
            _note_sent(top_up.id, found["id"])
            hear_of_top_up(read_said(found), now=now)
        return
    try:
        sent = gateway.create_top_up(
            {
                "amount": to_minor(money(top_up.amount, top_up.currency)),
                "currency": top_up.currency.lower(),
                "destination_balance": "issuing",
                "description": "Card float",
                "metadata": {OWN_ID: own_id},
            },
            key=f"top_up:{top_up.id}",
        )
    except StripeRefused as refusal:
        with transaction():
            _end(top_up.id, State.FAILED, failure=refusal.detail, now=now)
            _alarm("top_up_refused", top_up.currency, now=now, detail=refusal.detail)
        return
    with transaction():
        _note_sent(top_up.id, sent["id"])


def _find(top_up: TopUp, own_id: str) -> dict[str, Any] | None:
    """Return an old top-up as it stands at Stripe, which forgets idempotency keys after a day."""
    since = top_up.intended_at - CLOCKS_APART
    return gateway.find_top_up(own_id, created_since=int(since.timestamp()))


@takes_part
def _note_sent(top_up_id: UUID, stripe_id: str) -> None:
    # Its event may have been faster than this answer.
    TopUp.objects.filter(id=top_up_id).update(stripe_id=stripe_id)
    TopUp.objects.filter(id=top_up_id, state=State.INTENDED).update(state=State.SENT)


@dataclass(frozen=True, slots=True)
class TopUpSaid:
    """A top-up as Stripe tells of it; `status` in Stripe's words."""

    stripe_id: str
    own_id: str
    status: str
    failure: str


def read_said(said: dict[str, Any]) -> TopUpSaid:
    """Return a `topup` of Stripe's in our words."""
    return TopUpSaid(
        stripe_id=identifier(said["id"]),
        own_id=own_id_of(said),
        status=text(said["status"]),
        failure=text(said.get("failure_message"), 200),
    )


@takes_part
def hear_of_top_up(said: TopUpSaid, *, now: datetime) -> None:
    """Keep where a top-up stands; one that we did not send is not ours to keep.

    Only a reversal follows a success, and nothing follows another end.
    """
    top_up = _named(said.stripe_id, said.own_id)
    state = STATES.get(said.status)
    if top_up is None or state is None or state == State.SENT:
        return
    if top_up.state in COMING or (top_up.state, state) == (State.SUCCEEDED, State.REVERSED):
        TopUp.objects.filter(id=top_up.id).update(stripe_id=said.stripe_id)
        _end(top_up.id, state, failure=said.failure, now=now)
        if state in GONE:
            _alarm(
                "top_up_failed",
                top_up.currency,
                now=now,
                top_up=said.stripe_id,
                detail=said.failure,
            )


def _named(stripe_id: str, own_id: str) -> TopUp | None:
    """Return the top-up of an event, which may be faster than the answer that told its id."""
    named = Q(stripe_id=stripe_id)
    with contextlib.suppress(MalformedId):
        named |= Q(id=read(TopUp.PREFIX, own_id))
    return TopUp.objects.select_for_update(no_key=True).filter(named).first()


def _end(top_up_id: UUID, state: State, *, failure: str, now: datetime) -> None:
    TopUp.objects.filter(id=top_up_id).update(state=state, failure=failure[:200], ended_at=now)


@transaction
def float_is_empty(*, currency: str, authorization: str, now: datetime) -> None:
    """Raise the alarm: Stripe refused a customer because *our* balance there is empty."""
    _alarm("float_empty", currency, now=now, authorization=authorization)


def _alarm(kind: str, currency: str, *, now: datetime, **details: Any) -> None:
    """Log an error and open one case a day."""
    logger.error("float: %s in %s: %s", kind, currency, details)
    cases.open_case(
        kind=kind,
        subject=f"{currency} {now.astimezone(UTC):%Y-%m-%d}",
        customer_id=None,
        now=now,
        **details,
    )
