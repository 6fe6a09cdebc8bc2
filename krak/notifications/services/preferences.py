"""Customers say what goes where."""

from collections.abc import Mapping
from uuid import UUID

from krak.core.errors import DomainError, Kind
from krak.core.transactions import takes_part
from krak.notifications.kinds import GROUPS, Channel, Group
from krak.notifications.models import Preference


class AlwaysOn(DomainError):
    """Notices of this group are for the customer's safety."""

    code = "notifications.always_on"
    title = "These notices cannot be switched off."
    kind = Kind.REFUSED


@takes_part
def switch(*, customer_id: UUID, wanted: Mapping[Group, Mapping[Channel, bool]]) -> None:
    """Switch channels of groups on or off for a customer; those not named stay as they are.

    Raises:
        AlwaysOn: a channel of a group that cannot be switched off was.
    """
    for group, channels in wanted.items():
        if not GROUPS[group].switchable and not all(channels.values()):
            raise AlwaysOn(group=group)
        for channel, enabled in channels.items():
            Preference.objects.update_or_create(
                customer_id=customer_id, group=group, channel=channel,
                defaults={"enabled": enabled},
            )  # fmt: skip
