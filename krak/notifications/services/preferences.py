"""Customers say what goes where."""

from collections.abc import Mapping
from uuid import UUID

from krak.core.errors import DomainError, Kind
from krak.core.transactions import takes_part
from krak.notifications import kinds
from krak.notifications.kinds import GROUPS, Channel, Group
from krak.notifications.models import Preference


class AlwaysOn(DomainError):
    """Notices of this group or kind are for the customer's safety."""

    code = "notifications.always_on"
    title = "These notices cannot be switched off."
    kind = Kind.REFUSED


@takes_part
def switch(
    *, customer_id: UUID, about: Group | kinds.Kind, wanted: Mapping[Channel, bool | None]
) -> None:
    """Switch channels of a group or a kind on or off for a customer; again is harmless.

    Channels that are not named stay as they are. None takes back what the customer said: a kind
    follows its group again, and a group our defaults.

    Raises:
        AlwaysOn: one is switched off of a group that cannot be, or of its kind.
    """
    if isinstance(about, Group):
        group, kind, terms = str(about), "", GROUPS[about]
    else:
        group, kind, terms = "", about.name, GROUPS[about.group]
    if not terms.switchable:
        if False in wanted.values():
            raise AlwaysOn(kind=kind) if kind else AlwaysOn(group=group)
        return
    for channel, enabled in wanted.items():
        if enabled is None:
            Preference.objects.filter(
                customer_id=customer_id, group=group, kind=kind, channel=channel
            ).delete()
            continue
        Preference.objects.update_or_create(
            customer_id=customer_id, group=group, kind=kind, channel=channel,
            defaults={"enabled": enabled},
        )  # fmt: skip
