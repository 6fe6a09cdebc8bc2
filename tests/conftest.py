"""Fixtures: real Postgres and Valkey, a pinned board, customers made as the sandbox makes them.

`make test` starts both servers and sets their addresses. Tests that commit leave their rows:
each makes its own customers, so they do not meet, and the proof of the books holds for all.
"""

import io
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from django.urls import resolve
from hypothesis import settings as hypothesis
from pytest_django.plugin import DjangoDbBlocker

from fx.prices import live
from fx.prices.rules import Board
from krak.core import clock
from tests import citus
from tests.boards import board_of_pins
from tests.issuer import FakeIssuer, Recorder, recording, running_issuer
from tests.live import serving
from tests.stripe_door import StripeDoor

# `pytest --hypothesis-profile=long`: for hours, not for every run.
hypothesis.register_profile("long", max_examples=20_000, deadline=None)


def pytest_configure() -> None:
    """Give test processes beside each other databases of their own in Valkey, too.

    One must neither see another's boards nor lose its counts when another empties the cache.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker:
        number = int(worker.removeprefix("gw")) % 15 + 1
        own = urlsplit(settings.REDIS_URL)._replace(path=f"/{number}")
        os.environ["REDIS_URL"] = settings.REDIS_URL = settings.CELERY_BROKER_URL = own.geturl()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what says nothing of a cluster, on a cluster, and of its keys, with these."""
    why_not: Callable[[str], str]
    if citus.workers():
        why_not = citus.elsewhere
    elif os.environ.get("KRAK_TEST_SWAPPED_KEYS"):
        why_not = citus.loosened
    else:
        return
    for item in items:
        if why := why_not(item.nodeid):
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> str | None:
    """Let the test database be made in its own time: a busy disk takes over the usual limits.

    Behind PgBouncer there are none in a connection; the role has them from `database_limits`.
    """
    limits: str | None = connection.settings_dict["OPTIONS"].pop("options", None)
    return limits


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: str | None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """Make the test database, also for tests that all commit and so carry no mark that asks for it.

    They run within the limits of production; the database is made and dropped without them.
    """
    # All of the API is imported by the first request: longer than a transaction may rest, if slow.
    resolve("/healthz/ready")
    options = connection.settings_dict["OPTIONS"]
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default": None})
        if os.environ.get("KRAK_TEST_SWAPPED_KEYS"):
            call_command("distribute", keys=True, stdout=io.StringIO())
        if citus.workers():
            citus.spread()
        if settings.PGBOUNCER:
            call_command("database_limits")
        connection.close()
        if settings.PGBOUNCER:
            # Its connections that are older than the limits have gone after a second.
            time.sleep(2)
    if django_db_modify_db_settings is not None:
        options["options"] = django_db_modify_db_settings
    yield
    options.pop("options", None)
    with django_db_blocker.unblock():
        if citus.workers():
            citus.gather()
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="module", autouse=True)
def no_reader_left() -> Iterator[None]:
    """Stop the reader of the board that a test may have started: it asks the database at times."""
    yield
    live.stop()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a test commit; nothing is rolled back or emptied, as in production."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def now() -> datetime:
    """Return the moment of the test."""
    return clock.now()


@pytest.fixture
def pinned() -> Iterator[Callable[..., Board]]:
    """Give this process a board of these prices, until the test ends."""
    boards: list[Any] = []

    def pin(bid: dict[str, str] | None = None, **states: Any) -> Board:
        board = board_of_pins(bid or {}, **states)
        context = live.installed(board)
        context.__enter__()
        boards.append(context)
        return board

    yield pin
    while boards:
        boards.pop().__exit__(None, None, None)


@pytest.fixture
def stripe_door(client: Client) -> StripeDoor:
    """Return what speaks to our webhook doors as Stripe does."""
    return StripeDoor(client)


@pytest.fixture(scope="session")
def issuer_of_session() -> Iterator[FakeIssuer]:
    """Run one fake Stripe Issuing for all tests of this process."""
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(issuer_of_session: FakeIssuer) -> Iterator[FakeIssuer]:
    """Return a fake Stripe Issuing that knows nothing yet and tells nobody.

    `issuer.control.point_to(live_krak)` lets it speak to the Krak of this test.
    """
    issuer_of_session.control.point_to("")
    issuer_of_session.control.reset()
    yield issuer_of_session
    issuer_of_session.control.point_to("")


@pytest.fixture
def live_krak(committed: None) -> Iterator[str]:
    """Serve this Krak over HTTP and return where; what it does is committed.

    pytest-django's `live_server` empties the tables afterwards, which append-only ones refuse.
    """
    with serving() as url:
        yield url


@pytest.fixture
def recorder(issuer: FakeIssuer) -> Iterator[Recorder]:
    """Return an endpoint that records what the issuer tells and asks it."""
    with recording() as endpoint:
        issuer.control.point_to(endpoint.url)
        yield endpoint
        issuer.control.point_to("")
