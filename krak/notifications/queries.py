"""Where a customer's notices go."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from krak.customers.models import Customer
from krak.identity.models import Device
from krak.identity.queries import DeviceNotFound
from krak.notifications import channels
from krak.notifications.kinds import Channel, Kind
from krak.notifications.models import Preference, PushToken
from krak.notifications.rules import Wishes


def wishes_of(*, customer_id: UUID, about: Kind | None = None) -> Wishes:
    """Return what a customer has said of where notices go; of one kind only, if it is given."""
    rows = Preference.objects.filter(customer_id=customer_id)
    if about is not None:
        rows = rows.filter(Q(kind=about.name) | Q(group=about.group))
    said = list(rows)
    return Wishes(
        groups={(row.group, row.channel): row.enabled for row in said if row.group},
        kinds={(row.kind, row.channel): row.enabled for row in said if row.kind},
    )


def channels_of(*, customer_id: UUID, kind: Kind) -> Sequence[Channel]:
    """Return the channels that the notices of a kind take."""
    wishes = wishes_of(customer_id=customer_id, about=kind)
    return [
        channel
        for channel in Channel
        if wishes.of_kind(kind, channel).enabled
        and (channel is not Channel.PUSH or channels.has_push())
    ]


def address_of(*, customer_id: UUID) -> str | None:
    """Return where a customer reads mail; None while they have not shown that they do."""
    customer = Customer.objects.select_related("user").filter(id=customer_id).first()
    if customer is None or not customer.user.is_active or not customer.user.email_verified_at:
        return None
    return customer.user.email


def push_tokens(*, customer_id: UUID) -> QuerySet[PushToken]:
    """Return the tokens of a customer's devices that are signed in."""
    return PushToken.objects.filter(
        customer_id=customer_id, device__ended_at=None, device__user__is_active=True
    ).order_by("device_id")


def device_of(*, user_id: UUID, device_id: UUID) -> Device:
    """Return one of a user's devices that is signed in.

    Raises:
        DeviceNotFound: there is none, it is another's, or it is signed out.
    """
    found = Device.objects.filter(id=device_id, user_id=user_id, ended_at=None).first()
    if found is None:
        raise DeviceNotFound
    return found
