"""Carry notices out of the inbox: planned with the notice, sent later, once each."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.rows import locked
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User
from krak.identity.queries import own_device
from krak.notifications import channels, kinds, queries
from krak.notifications.channels import Gone, Parcel, Refused, SendAgain
from krak.notifications.kinds import Channel
from krak.notifications.models import Delivery, DeliveryState, Notification, PushToken

logger = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 7
TOPIC: Final = "notifications.deliver"
_LONGEST_ERROR: Final = 500


@takes_part
def plan(notices: Sequence[Notification], *, now: datetime) -> None:
    """Promise notices to each channel that their customers want them on."""
    wishes = queries.wishes_of(notice.customer_id for notice in notices)
    wanted = [
        (notice, channel)
        for notice in notices
        for channel in queries.channels_of(kinds.kind_of(notice.kind), wishes[notice.customer_id])
    ]
    targets = _targets((channel, notice.customer_id) for notice, channel in wanted)
    rows = Delivery.objects.bulk_create(
        Delivery(
            id=uuid7(), customer_id=notice.customer_id, notification=notice, channel=channel,
            target=target, created_at=now,
        )
        for notice, channel in wanted
        for target in targets[channel, notice.customer_id]
    )  # fmt: skip
    outbox.promise_all(TOPIC, ({"delivery": str(row.id)} for row in rows))


def _targets(wanted: Iterable[tuple[Channel, UUID]]) -> dict[tuple[Channel, UUID], list[str]]:
    """Return where a channel leads for a customer: to each of their phones, or to their mail."""
    found: dict[tuple[Channel, UUID], list[str]] = {key: [] for key in wanted}
    on_push = {customer_id for channel, customer_id in found if channel is Channel.PUSH}
    by_mail = {customer_id for channel, customer_id in found if channel is Channel.EMAIL}
    if on_push:
        for token in queries.push_tokens(on_push):
            found[Channel.PUSH, token.customer_id].append(str(token.device_id))
    if by_mail:
        for customer_id in queries.addresses_of(by_mail):
            found[Channel.EMAIL, customer_id].append("")
    return found


def deliver(*, delivery_id: UUID, now: datetime) -> None:
    """Send one notice on one channel; what did not leave is tried again, up to a bound.

    It runs outside transactions. Of a sending that nobody came back from nobody knows whether it
    arrived: a push is sent again, for it replaces itself on the phone, and a mail is not.

    Raises:
        SendAgain: it is to be sent again; the outbox comes back.
    """
    with transaction():
        row = _begin(delivery_id)
        parcel = _parcel(row) if row else None
    if row is None or parcel is None:
        return
    try:
        channels.send(Channel(row.channel), parcel)
    except SendAgain as error:
        _put_back(row, error)
    except Refused as error:
        with transaction():
            _end(row, DeliveryState.FAILED, error=str(error))
        logger.error("notifications: %s is refused: %s", row.id, error)  # noqa: TRY400 - all said
    except Gone as error:
        with transaction():
            _end(row, DeliveryState.FAILED, error=str(error))
            PushToken.objects.filter(device_id=row.target, token=parcel.address).delete()
    except Exception as error:
        with transaction():
            _end(row, DeliveryState.FAILED, error=f"perhaps sent: {type(error).__name__}: {error}")
        raise
    else:
        with transaction():
            _end(row, DeliveryState.SENT, sent_at=now)


def _begin(delivery_id: UUID) -> Delivery | None:
    """Reserve a delivery that waits, or a push whose sending never ended."""
    rows = Delivery.objects.select_related("notification").filter(id=delivery_id)
    row = next(iter(locked(rows, of=("self",))), None)
    if row is None or row.state in {DeliveryState.SENT, DeliveryState.FAILED}:
        return None
    again = row.channel == Channel.PUSH and row.attempts < MOST_ATTEMPTS
    if row.state == DeliveryState.SENDING and not again:
        _end(row, DeliveryState.FAILED, error="perhaps sent: the worker died")
        return None
    Delivery.objects.filter(id=row.id).update(
        state=DeliveryState.SENDING, attempts=row.attempts + 1
    )
    row.attempts += 1
    return row


def _parcel(row: Delivery) -> Parcel | None:
    """Return what goes out, as things stand now; None if nobody wants it any more."""
    notice = row.notification
    address = _address(row)
    if address is None:
        _end(row, DeliveryState.FAILED, error="nobody is there any more")
        return None
    words = kinds.word(notice.kind, notice.facts)
    data = {
        "notification": notice.shown_id,
        "kind": notice.kind,
        "sequence": notice.sequence,
    }
    return Parcel(
        customer_id=row.customer_id, key=notice.shown_id, address=address, title=words.title,
        text=words.text, data=data,
    )  # fmt: skip


def _address(row: Delivery) -> str | None:
    if row.channel == Channel.EMAIL:
        return queries.addresses_of([row.customer_id]).get(row.customer_id)
    found = [
        token.token
        for token in queries.push_tokens([row.customer_id])
        if str(token.device_id) == row.target
    ]
    return found[0] if found else None


def _put_back(row: Delivery, error: SendAgain) -> None:
    if row.attempts >= MOST_ATTEMPTS:
        with transaction():
            _end(row, DeliveryState.FAILED, error=str(error))
        return
    with transaction():
        _end(row, DeliveryState.WAITING, error=str(error))
    raise error


def _end(
    row: Delivery, state: DeliveryState, *, error: str = "", sent_at: datetime | None = None
) -> None:
    Delivery.objects.filter(id=row.id).update(
        state=state, last_error=error[:_LONGEST_ERROR], sent_at=sent_at
    )


@takes_part
def keep_push_token(*, device_id: UUID, user: User, token: str, now: datetime) -> None:
    """Send pushes to a device from now on; a token that another device had moves here.

    Raises:
        DeviceNotFound: there is none, it is another's, or it is signed out.
    """
    device = own_device(user_id=user.pk, device_id=device_id)
    PushToken.objects.filter(token=token).exclude(device=device).delete()
    PushToken.objects.update_or_create(
        customer=user.customer, device=device, defaults={"token": token, "created_at": now}
    )


@takes_part
def drop_push_token(*, device_id: UUID, user: User) -> None:
    """Send no more pushes to a device; again is harmless.

    Raises:
        DeviceNotFound: there is none, it is another's, or it is signed out.
    """
    device = own_device(user_id=user.pk, device_id=device_id)
    PushToken.objects.filter(device=device).delete()
