"""What customers say about where their notices go, and what follows from it for each kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from krak.notifications.kinds import GROUPS, Channel, Group, Kind


class Source(StrEnum):
    """Who says that notices take a channel: the customer of their kind or group, or we."""

    KIND = "kind"
    GROUP = "group"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether notices take a channel, and who says so."""

    enabled: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a customer has said, by the name of a group or kind, and by channel."""

    groups: Mapping[tuple[str, str], bool]
    kinds: Mapping[tuple[str, str], bool]

    def of_group(self, group: Group, channel: Channel) -> Choice:
        """Return what holds for a group's kinds that have no setting of their own."""
        terms = GROUPS[group]
        said = self.groups.get((group, channel))
        if said is None or not terms.switchable:
            return Choice(terms.default(channel), Source.DEFAULT)
        return Choice(said, Source.GROUP)

    def of_kind(self, kind: Kind, channel: Channel) -> Choice:
        """Return what holds for a kind: its own setting, or else its group's."""
        said = self.kinds.get((kind.name, channel))
        if said is None or not GROUPS[kind.group].switchable:
            return self.of_group(kind.group, channel)
        return Choice(said, Source.KIND)
