"""Carry notices out of the inbox: planned with the notice, sent later, once each."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User
from krak.notifications import channels, kinds, queries
from krak.notifications.channels import Gone, NotSent, Parcel
from krak.notifications.kinds import Channel
from krak.notifications.models import Delivery, DeliveryState, Notification, PushToken

MOST_ATTEMPTS: Final = 5
TOPIC: Final = "notifications.deliver"
_LONGEST_ERROR: Final = 500


@takes_part
def plan(notice: Notification, *, now: datetime) -> None:
    """Promise a notice to each channel that its customer wants it on."""
    group = kinds.kind_of(notice.kind).group
    wanted = queries.channels_of(customer_id=notice.customer_id, group=group)
    rows = [
        Delivery(
            id=uuid7(), customer_id=notice.customer_id, notification=notice, channel=channel,
            target=target, created_at=now,
        )
        for channel in wanted
        for target in _targets(channel, notice.customer_id)
    ]  # fmt: skip
    for row in Delivery.objects.bulk_create(rows):
        outbox.promise(TOPIC, {"delivery": str(row.id)})


def _targets(channel: Channel, customer_id: UUID) -> Iterator[str]:
    if channel is Channel.PUSH:
        yield from (str(token.device_id) for token in queries.push_tokens(customer_id=customer_id))
    elif queries.address_of(customer_id=customer_id):
        yield ""


def deliver(*, delivery_id: UUID, now: datetime) -> None:
    """Send one notice on one channel, at most once; what surely did not leave is tried again.

    It runs outside transactions. A sending that nobody came back from is not repeated.

    Raises:
        NotSent: it did not go out; the outbox comes again.
    """
    with transaction():
        row = _begin(delivery_id)
        parcel = _parcel(row) if row else None
    if row is None or parcel is None:
        return
    try:
        channels.send(Channel(row.channel), parcel)
    except NotSent as error:
        _put_back(row, error)
    except Gone as error:
        with transaction():
            _end(row, DeliveryState.FAILED, error="gone" if not str(error) else str(error))
            PushToken.objects.filter(device_id=row.target, token=parcel.address).delete()
    except Exception as error:
        with transaction():
            _end(row, DeliveryState.FAILED, error=f"perhaps sent: {type(error).__name__}: {error}")
        raise
    else:
        with transaction():
            _end(row, DeliveryState.SENT, sent_at=now)


def _begin(delivery_id: UUID) -> Delivery | None:
    """Reserve a delivery that waits; one whose sending never ended is given up."""
    row = (
        Delivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("notification")
        .filter(id=delivery_id)
        .first()
    )
    if row is None or row.state in {DeliveryState.SENT, DeliveryState.FAILED}:
        return None
    if row.state == DeliveryState.SENDING:
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
        "facts": notice.facts,
    }
    return Parcel(
        customer_id=row.customer_id, address=address, title=words.title, text=words.text, data=data
    )


def _address(row: Delivery) -> str | None:
    if row.channel == Channel.EMAIL:
        return queries.address_of(customer_id=row.customer_id)
    found = [
        token.token
        for token in queries.push_tokens(customer_id=row.customer_id)
        if str(token.device_id) == row.target
    ]
    return found[0] if found else None


def _put_back(row: Delivery, error: NotSent) -> None:
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
    device = queries.device_of(user_id=user.pk, device_id=device_id)
    PushToken.objects.filter(token=token).exclude(device=device).delete()
    PushToken.objects.update_or_create(
        device=device, defaults={"customer": user.customer, "token": token, "created_at": now}
    )


@takes_part
def drop_push_token(*, device_id: UUID, user: User) -> None:
    """Send no more pushes to a device; again is harmless.

    Raises:
        DeviceNotFound: there is none, it is another's, or it is signed out.
    """
    device = queries.device_of(user_id=user.pk, device_id=device_id)
    PushToken.objects.filter(device=device).delete()
