"""The approvals' door: what happens once two people agree on a multiplier or a delisting."""

from collections.abc import Iterable
from datetime import datetime

from fx.assets import queries, services
from fx.assets.rules import DelistingStep
from krak.approvals.registry import carries_out
from krak.approvals.rules import Proposed


def describe(proposed: Proposed) -> Iterable[tuple[str, str]]:
    """Say a change of a multiplier in words."""
    wanted = proposed.payload
    moment = datetime.fromisoformat(wanted["activates_at"])
    yield "Asset", f"{proposed.subject}, {queries.facts(proposed.subject).name}"
    yield "Change", wanted["words"]
    yield "Multiplier", f"from {wanted['before']} to {wanted['multiplier']}"
    yield "Takes effect", f"{moment:%Y-%m-%d %H:%M:%S} UTC, for all holders at once"
    if wanted["scheduled"] is not None:
        yield "Instead of", f"{wanted['scheduled']}, scheduled for that moment"


@carries_out(
    services.KIND,
    title="Multiplier of an asset",
    propose="assets.propose_multiplier",
    approve="assets.approve_multiplier",
    describe=describe,
)
def schedule_multiplier(*, proposed: Proposed, now: datetime) -> str:
    """Schedule it."""
    return services.carry_out(proposed=proposed, now=now)


def describe_delisting(proposed: Proposed) -> Iterable[tuple[str, str]]:
    """Say a delisting in words."""
    moment = datetime.fromisoformat(proposed.payload["converts_at"])
    yield "Asset", f"{proposed.subject}, {queries.facts(proposed.subject).name}"
    if proposed.payload["step"] == DelistingStep.ANNOUNCE:
        yield "From the approval on", "it can be sold and spent, and no longer be bought"
        yield (
            "At",
            f"{moment:%Y-%m-%d %H:%M:%S} UTC all that is left becomes cash at the last price",
        )
    else:
        yield "Called off", f"it would have become cash at {moment:%Y-%m-%d %H:%M:%S} UTC"


@carries_out(
    services.DELISTING_KIND,
    title="Delisting of an asset",
    propose="assets.propose_delisting",
    approve="assets.approve_delisting",
    describe=describe_delisting,
)
def delist(*, proposed: Proposed, now: datetime) -> str:
    """Announce it, or call it off."""
    return services.carry_out_delisting(proposed=proposed, now=now)
