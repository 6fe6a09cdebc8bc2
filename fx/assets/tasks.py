"""The approvals' door: what happens once two people agree on a multiplier."""

from collections.abc import Iterable
from datetime import datetime

from fx.assets import queries, services
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
