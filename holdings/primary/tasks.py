"""The worker's, the clock's and the approvals' doors to the primary market."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import shared_task

from holdings.primary import queries
from holdings.primary.models import Party, Request
from holdings.primary.services import decisions, parties, requests, submission
from krak.approvals.registry import carries_out
from krak.approvals.rules import Proposed
from krak.core import clock
from krak.core.ids import read
from krak.core.outbox.registry import calls_out
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import run_once

FOLLOWED_EVERY: Final = timedelta(minutes=1)
EXPIRED_EVERY: Final = timedelta(hours=1)


@calls_out("primary.submit")
def submit(*, payload: dict[str, Any], now: datetime) -> None:
    """Give a request to the issuer, once."""
    submission.submit(UUID(payload["request"]), now=now)


@shared_task(name="primary.follow")
def follow(**_newer: object) -> None:
    """Ask after requests that the issuer has, once a minute however many beats tick."""
    now = clock.now()
    run_once(
        lambda: submission.follow(now=now),
        job="primary.follow", slot=slot_of(now, FOLLOWED_EVERY), now=now,
    )  # fmt: skip


@shared_task(name="primary.expire")
def expire(**_newer: object) -> None:
    """Cancel requests that nobody decided on in time, once per slot."""
    now = clock.now()
    run_once(
        lambda: requests.expire(now=now),
        job="primary.expire", slot=slot_of(now, EXPIRED_EVERY), now=now,
    )  # fmt: skip


def describe_party(proposed: Proposed) -> Iterable[tuple[str, str]]:
    """Say in words who shall be let in with which wallet, which the database lets nobody change."""
    yield "Customer", proposed.payload["customer"]
    yield "Network", proposed.payload["network"]
    yield "Wallet, whitelisted by the issuer", queries.party_named(proposed.subject).wallet


@carries_out(
    parties.KIND,
    title="Party of the primary market",
    propose="primary.propose_party",
    approve="primary.approve_party",
    describe=describe_party,
    turned_down=parties.turn_down,
)
def let_in(*, proposed: Proposed, now: datetime) -> str:
    """Let them in."""
    party_id = read(Party.PREFIX, proposed.subject)
    parties.let_in(party_id=party_id, now=now)
    return f"primary.party:{party_id}"


def describe_acceptance(proposed: Proposed) -> Iterable[tuple[str, str]]:
    """Say in words what the issuer shall be asked for, which the database lets nobody change."""
    wanted, found = proposed.payload, queries.request_named(proposed.subject)
    yield "Customer", wanted["customer"]
    yield "Asks for", f"a {wanted['side']} of {wanted['asset']}"
    yield "Gives", f"{wanted['gives']} {found.gives}, worth {wanted['worth_usd']} USD when asked"
    yield "Wallet", f"{found.party.wallet} on {wanted['network']}"


@carries_out(
    decisions.KIND,
    title="Subscription or redemption",
    propose="primary.propose_request",
    approve="primary.approve_request",
    describe=describe_acceptance,
    turned_down=decisions.turn_down,
)
def accept(*, proposed: Proposed, now: datetime) -> str:
    """Give it to the issuer."""
    request_id = read(Request.PREFIX, proposed.subject)
    decisions.accept(request_id=request_id, now=now)
    return f"primary.request:{request_id}"
