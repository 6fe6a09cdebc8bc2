"""Schedule, override and cancel multipliers: one row for all holders, by two people."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from fx.assets.models import Asset, Multiplier
from fx.assets.queries import UnknownAsset, multiplier_rows
from fx.assets.rules import (
    LEAD_TIME,
    MULTIPLIER_LIMIT,
    MULTIPLIER_PLACES,
    PROPERTIES,
    Change,
    How,
    Kind,
    MultiplierRow,
    effective,
    multiplier_before,
    scheduled_for,
)
from krak.approvals import services as approvals
from krak.approvals.rules import Proposed
from krak.core.errors import DomainError
from krak.core.errors import Kind as Refusal
from krak.core.money import is_exact, plain
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User

if TYPE_CHECKING:
    from krak.approvals.models import Proposal

KIND: Final = "assets.multiplier"


class NoMultiplier(DomainError):
    """Assets of this kind are shown as they are held."""

    code = "assets.no_multiplier"
    title = "This kind of asset has no multiplier."
    kind = Refusal.REFUSED


class InvalidMultiplier(DomainError):
    """The multiplier is not positive, or finer or larger than can be kept."""

    code = "assets.invalid_multiplier"
    title = "A multiplier is positive, below 10^10, with at most 18 decimals."


class MultiplierTooSoon(DomainError):
    """Too late for everybody who trades to learn of it before the halt."""

    code = "assets.multiplier_too_soon"
    title = "A multiplier is decided, changed or cancelled 30 minutes ahead at the latest."
    kind = Refusal.REFUSED


class MultiplierOutOfOrder(DomainError):
    """A later change was reckoned from what is in force now and would be wrong after this one."""

    code = "assets.multiplier_out_of_order"
    title = "A later change is scheduled; cancel it first."
    kind = Refusal.CONFLICT


class MultiplierOvertaken(DomainError):
    """What was proposed was reckoned from a multiplier that is no longer the one before it."""

    code = "assets.multiplier_overtaken"
    title = "The multiplier before it has changed since; propose it anew."
    kind = Refusal.CONFLICT


class NothingScheduled(DomainError):
    """Only what is scheduled can be cancelled."""

    code = "assets.nothing_scheduled"
    title = "No change is scheduled for that moment."
    kind = Refusal.REFUSED


@takes_part
def schedule_multiplier(
    *,
    code: str,
    multiplier: Decimal,
    activates_at: datetime,
    now: datetime,
    cancels: bool = False,
    proposal_id: UUID | None = None,
) -> Multiplier:
    """Schedule what base units are multiplied with from `activates_at` on.

    The same moment again overrides what was scheduled for it, or with `cancels` takes it back;
    all rows are kept.

    Raises:
        UnknownAsset, NoMultiplier, InvalidMultiplier: as their titles say.
        MultiplierTooSoon: `activates_at` is not `LEAD_TIME` ahead.
        MultiplierOutOfOrder: something is scheduled for a later moment.
    """
    asset = _lock(code)
    rows = multiplier_rows(codes=[code]).get(code, [])
    _require_possible(rows, multiplier=multiplier, activates_at=activates_at, now=now)
    return Multiplier.objects.create(
        asset=asset,
        multiplier=multiplier,
        cancels=cancels,
        activates_at=activates_at,
        created_at=now,
        proposal_id=proposal_id,
    )


@transaction
def propose_multiplier(
    *, code: str, change: Change, activates_at: datetime, reason: str, by: User, now: datetime
) -> "Proposal":
    """Propose a change of a multiplier; it is scheduled once a second person approves.

    What it is reckoned from is part of the proposal, so that it is refused if that has changed.

    Raises:
        UnknownAsset, NoMultiplier, InvalidMultiplier, MultiplierTooSoon, MultiplierOutOfOrder:
            as of `schedule_multiplier`.
        NothingScheduled: it would cancel nothing.
        NotAllowed, WordsMissing, AlreadyProposed: as of `approvals.services.propose`.
    """
    _lock(code)
    rows = multiplier_rows(codes=[code]).get(code, [])
    basis = _basis(rows, activates_at)
    if change.how is How.CANCEL and basis["scheduled"] is None:
        raise NothingScheduled(asset=code)
    multiplier = change.after(multiplier_before(rows, activates_at))
    _require_possible(rows, multiplier=multiplier, activates_at=activates_at, now=now)
    payload: dict[str, Any] = {
        "how": str(change.how),
        "words": change.words(),
        "multiplier": plain(multiplier),
        "activates_at": activates_at.isoformat(),
        **basis,
    }
    return approvals.propose(
        kind=KIND, subject=code, payload=payload, reason=reason, by=by, now=now
    )


@takes_part
def carry_out(*, proposed: Proposed, now: datetime) -> str:
    """Schedule what two people agreed on; return which row it became.

    Raises:
        MultiplierOvertaken: what it was reckoned from has changed.
        MultiplierTooSoon, MultiplierOutOfOrder: as of `schedule_multiplier`.
    """
    code, wanted = proposed.subject, proposed.payload
    activates_at = datetime.fromisoformat(wanted["activates_at"])
    _lock(code)
    basis = _basis(multiplier_rows(codes=[code]).get(code, []), activates_at)
    if any(wanted[name] != value for name, value in basis.items()):
        raise MultiplierOvertaken(asset=code)
    row = schedule_multiplier(
        code=code,
        multiplier=Decimal(wanted["multiplier"]),
        activates_at=activates_at,
        now=now,
        cancels=wanted["how"] == How.CANCEL,
        proposal_id=proposed.id,
    )
    return f"{KIND}:{row.pk}"


def _lock(code: str) -> Asset:
    """Lock the asset, so that its multipliers are judged and written one after the other."""
    asset = Asset.objects.select_for_update(no_key=True).filter(code=code).first()
    if asset is None:
        raise UnknownAsset(asset=code)
    if not PROPERTIES[Kind(asset.kind)].has_multiplier:
        raise NoMultiplier(asset=code)
    return asset


def _basis(rows: list[MultiplierRow], moment: datetime) -> dict[str, str | None]:
    scheduled = scheduled_for(rows, moment)
    return {
        "before": plain(multiplier_before(rows, moment)),
        "scheduled": plain(scheduled.multiplier) if scheduled else None,
    }


def _require_possible(
    rows: list[MultiplierRow], *, multiplier: Decimal, activates_at: datetime, now: datetime
) -> None:
    if not (is_exact(multiplier, MULTIPLIER_PLACES) and Decimal(0) < multiplier < MULTIPLIER_LIMIT):
        raise InvalidMultiplier(multiplier=str(multiplier))
    if activates_at < now + LEAD_TIME:
        raise MultiplierTooSoon(activates_at=activates_at)
    later = [row for row in effective(rows) if row.activates_at > activates_at]
    if later:
        raise MultiplierOutOfOrder(next=later[0].activates_at)
