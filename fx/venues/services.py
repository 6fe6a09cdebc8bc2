"""Stop an asset's trading, let it go on, widen its spread. The board has it within seconds."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from fx.assets import queries as assets
from fx.venues.models import MAX_EXTRA_BPS, Halt, Widening
from fx.venues.rules import Reason, Sides
from krak.core.errors import DomainError
from krak.core.transactions import takes_part


class HaltWithoutNote(DomainError):
    """Somebody is stopped from trading, and nobody could say why."""

    code = "venues.note_missing"
    title = "A halt says why."


class HaltAlreadyOver(DomainError):
    """The halt would end before it begins."""

    code = "venues.halt_already_over"
    title = "A halt ends after it begins."


class InvalidWidening(DomainError):
    """The spread would be narrowed, or be no price any more."""

    code = "venues.invalid_widening"
    title = f"A spread is widened by 0 to {MAX_EXTRA_BPS} basis points."


@takes_part
def halt(
    *,
    code: str,
    reason: Reason,
    note: str,
    sides: Sides = Sides.BOTH,
    now: datetime,
    until: datetime | None = None,
) -> Halt:
    """Stop buying, selling or both from `now` on, until `until` or until `resume`.

    The same sides for the same reason again, while they are stopped until the same moment, change
    nothing and return the first halt. Several halts of an asset add up.

    Raises:
        UnknownAsset: there is none of exactly this code.
        HaltWithoutNote: the note is empty.
        HaltAlreadyOver: `until` is not after `now`.
    """
    if not note.strip():
        raise HaltWithoutNote
    if until is not None and until <= now:
        raise HaltAlreadyOver(asset=code, until=until)
    asset_id = assets.locked_id(code)
    standing = Halt.objects.filter(
        asset_id=asset_id, reason=reason, sides=sides, from_at__lte=now, until_at=until
    ).first()
    if standing is not None:
        return standing
    return Halt.objects.create(
        asset_id=asset_id, reason=reason, sides=sides, note=note.strip(), from_at=now,
        until_at=until,
    )  # fmt: skip


@takes_part
def resume(*, code: str, reason: Reason, now: datetime) -> int:
    """End what was halted for `reason` and return how many halts that were; again is harmless.

    What is halted for another reason stays halted.

    Raises:
        UnknownAsset: there is none of exactly this code.
    """
    return _standing(assets.locked_id(code), reason, now=now).update(until_at=now)


@takes_part
def widen(*, code: str, reason: Reason, bps: int, now: datetime) -> None:
    """Make the whole spread `bps` basis points of the middle wider for `reason`; 0 ends it.

    It replaces what the same reason asked before; what different reasons ask adds up. The same
    again changes nothing.

    Raises:
        UnknownAsset: there is none of exactly this code.
        InvalidWidening: `bps` is negative or too much.
    """
    if not 0 <= bps <= MAX_EXTRA_BPS:
        raise InvalidWidening(asset=code, bps=bps)
    asset_id = assets.locked_id(code)
    standing = Widening.objects.filter(asset_id=asset_id, reason=reason, until_at=None)
    if standing.filter(bps=bps).exists():
        return
    standing.update(until_at=now)
    if bps:
        Widening.objects.create(asset_id=asset_id, reason=reason, bps=bps, from_at=now)


def _standing(asset_id: UUID, reason: Reason, *, now: datetime) -> QuerySet[Halt]:
    return Halt.objects.filter(
        Q(until_at=None) | Q(until_at__gt=now), asset_id=asset_id, reason=reason
    )
