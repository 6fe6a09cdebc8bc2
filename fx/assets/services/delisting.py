"""Take an asset out: announced by two people, called off by two, priced when it is due."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from fx.assets import queries
from fx.assets.models import PRICE_PLACES, Asset, Delisting
from fx.assets.rules import DELISTING_NOTICE, DelistingStep, Status
from fx.assets.services.catalogue import change_status
from krak.approvals import services as approvals
from krak.approvals.rules import Proposed
from krak.core.errors import DomainError, Kind
from krak.core.money import floor_to
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.customers.models import User

if TYPE_CHECKING:
    from krak.approvals.models import Proposal

DELISTING_KIND: Final = "assets.delisting"
ANNOUNCED: Final = "assets.delisting_announced"
CALLED_OFF: Final = "assets.delisting_called_off"
NEAR: Final = "assets.delisting_near"
"""Topics: who holds the asset, and who was going to buy it, is to be told."""


class CashIsNotDelisted(DomainError):
    """What is left of an asset becomes cash; cash becomes nothing."""

    code = "assets.cash_is_not_delisted"
    title = "Money of a state is not delisted."
    kind = Kind.REFUSED


class NotListed(DomainError):
    """Only what can be bought can be taken out."""

    code = "assets.not_listed"
    title = "This asset is being delisted already, or is halted."
    kind = Kind.CONFLICT


class NotBeingDelisted(DomainError):
    """There is nothing to call off."""

    code = "assets.not_being_delisted"
    title = "This asset is not being delisted, or it is too late to call it off."
    kind = Kind.CONFLICT


class NoticeTooShort(DomainError):
    """Holders would have too little time to sell."""

    code = "assets.notice_too_short"
    title = f"Holders have notice of {DELISTING_NOTICE.days} days or more."
    kind = Kind.REFUSED


@transaction
def propose_delisting(
    *, code: str, converts_at: datetime, reason: str, by: User, now: datetime
) -> "Proposal":
    """Propose that an asset is bought no more, and becomes cash at `converts_at`.

    Raises:
        UnknownAsset: there is none of exactly this code.
        CashIsNotDelisted, NotListed, NoticeTooShort: as their titles say.
        NotAllowed, WordsMissing, AlreadyProposed: as of `approvals.services.propose`.
    """
    _require_possible(_locked(code), converts_at=converts_at, now=now)
    return _propose(
        DelistingStep.ANNOUNCE,
        code,
        reason=reason,
        by=by,
        now=now,
        converts_at=converts_at.isoformat(),
    )


@transaction
def propose_calling_off(*, code: str, reason: str, by: User, now: datetime) -> "Proposal":
    """Propose that an asset stays after all.

    Raises:
        UnknownAsset: there is none of exactly this code.
        NotBeingDelisted: as its title says.
        NotAllowed, WordsMissing, AlreadyProposed: as of `approvals.services.propose`.
    """
    delisting = _to_call_off(_locked(code), now=now)
    return _propose(
        DelistingStep.CALL_OFF, code, reason=reason, by=by, now=now,
        converts_at=delisting.converts_at.isoformat(),
    )  # fmt: skip


@takes_part
def carry_out_delisting(*, proposed: Proposed, now: datetime) -> str:
    """Announce a delisting or call it off, as two people agreed; return which row it is.

    Raises:
        CashIsNotDelisted, NotListed, NoticeTooShort, NotBeingDelisted: as when it was proposed.
    """
    asset = _locked(proposed.subject)
    if proposed.payload["step"] == DelistingStep.ANNOUNCE:
        delisting = _announce(asset, proposed, now=now)
    else:
        delisting = _call_off(asset, now=now)
    return f"{DELISTING_KIND}:{delisting.pk}"


@transaction
def remind_of_delistings(*, now: datetime) -> None:
    """Have those told who hold what becomes cash soon: some got it after the announcement.

    Once for each delisting.
    """
    for delisting in queries.delistings_to_remind_of(now=now).select_for_update(no_key=True):
        delisting.reminded_at = now
        delisting.save(update_fields=["reminded_at"])
        outbox.promise(NEAR, {"delisting": str(delisting.pk), "after": None})


@takes_part
def price_delisting(
    *, delisting_id: UUID, price_usd: Decimal, as_of: datetime, now: datetime
) -> None:
    """Set the last price of one shown unit, once: from now on what is left becomes cash at it.

    Again, before its time and after it was called off nothing happens.
    """
    delisting = Delisting.objects.select_for_update(no_key=True).get(id=delisting_id)
    if delisting not in queries.delistings_due(now=now):
        return
    delisting.price_usd = floor_to(price_usd, PRICE_PLACES)
    delisting.price_as_of, delisting.priced_at = as_of, now
    delisting.save(update_fields=["price_usd", "price_as_of", "priced_at"])
    change_status(code=delisting.asset.code, status=Status.DELISTED)


def _announce(asset: Asset, proposed: Proposed, *, now: datetime) -> Delisting:
    converts_at = datetime.fromisoformat(proposed.payload["converts_at"])
    _require_possible(asset, converts_at=converts_at, now=now)
    change_status(code=asset.code, status=Status.DELISTING)
    delisting = Delisting.objects.create(
        asset=asset, announced_at=now, converts_at=converts_at, proposal_id=proposed.id
    )
    outbox.promise(ANNOUNCED, {"delisting": str(delisting.pk), "after": None})
    return delisting


def _call_off(asset: Asset, *, now: datetime) -> Delisting:
    delisting = _to_call_off(asset, now=now)
    delisting.called_off_at = now
    delisting.save(update_fields=["called_off_at"])
    change_status(code=asset.code, status=Status.ACTIVE)
    outbox.promise(CALLED_OFF, {"delisting": str(delisting.pk), "after": None})
    return delisting


def _propose(
    step: DelistingStep, code: str, *, reason: str, by: User, now: datetime, **payload: Any
) -> "Proposal":
    return approvals.propose(
        kind=DELISTING_KIND, subject=code, payload={"step": str(step), **payload},
        reason=reason, by=by, now=now,
    )  # fmt: skip


def _locked(code: str) -> Asset:
    return Asset.objects.get(id=queries.locked_id(code))


def _to_call_off(asset: Asset, *, now: datetime) -> Delisting:
    found = queries.delisting_of(asset.code)
    if found is None or now >= found.converts_at:
        raise NotBeingDelisted(asset=asset.code)
    return found


def _require_possible(asset: Asset, *, converts_at: datetime, now: datetime) -> None:
    if queries.facts(asset.code).properties.is_cash:
        raise CashIsNotDelisted(asset=asset.code)
    if not Status(asset.status).buyable:
        raise NotListed(asset=asset.code, status=asset.status)
    if converts_at < now + DELISTING_NOTICE:
        raise NoticeTooShort(converts_at=converts_at)
