"""Where a customer's notices go."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from krak.customers.models import Customer
from krak.identity.models import Device
from krak.identity.queries import DeviceNotFound
from krak.notifications import channels
from krak.notifications.kinds import GROUPS, Channel, Group
from krak.notifications.models import Preference, PushToken


def preferences_of(*, customer_id: UUID) -> dict[Group, dict[Channel, bool]]:
    """Return for each group which channels its notices take, as things stand."""
    said = {
        (row.group, row.channel): row.enabled
        for row in Preference.objects.filter(customer_id=customer_id)
    }
    return {
        group: {channel: said.get((group, channel), terms.default(channel)) for channel in Channel}
        for group, terms in GROUPS.items()
    }


def channels_of(*, customer_id: UUID, group: Group) -> Sequence[Channel]:
    """Return the channels that the notices of a group take."""
    terms = GROUPS[group]
    said: dict[str, bool] = {}
    if terms.switchable:
        found = Preference.objects.filter(customer_id=customer_id, group=group)
        said = dict(found.values_list("channel", "enabled"))
    return [
        channel
        for channel in Channel
        if said.get(channel, terms.default(channel))
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
