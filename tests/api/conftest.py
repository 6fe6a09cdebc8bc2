"""Somebody to ask as, with a card processor behind their cards.

They are made once for all tests of a file, in a transaction that none of them commits; each test
has a savepoint of its own in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.transaction import Atomic, set_rollback
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from fx.prices import live
from tests.api.world import NAMED_ALIKE, World, new_world
from tests.boards import board_of_pins
from tests.issuer import FakeIssuer, running_issuer


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever happens within, as the test cases of Django do."""
    block = Atomic(using=None, savepoint=True, durable=False)
    block._from_testcase = True  # type: ignore[attr-defined]
    with block:
        yield
        set_rollback(True)


@pytest.fixture(scope="session")
def processor() -> Iterator[FakeIssuer]:
    """Run a fake Stripe that forgets nothing between tests."""
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def worlds(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, processor: FakeIssuer
) -> Iterator[tuple[World, World]]:
    """Return two customers who have everything and do not know each other."""
    stripe = {"STRIPE_API_KEY": "sk_test_sandbox", "STRIPE_API_BASE": processor.url}
    elsewhere = {"LIVE_URL": "http://127.0.0.1:1/v1/live"}
    with (
        django_db_blocker.unblock(),
        override_settings(**stripe, **elsewhere),
        live.installed(board_of_pins({})),
        undone(),
    ):
        with connection.cursor() as cursor:
            # It stays open while tests think up what to send.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        world, stranger = new_world(), new_world()
        world.make_all()
        stranger.make_all(but=NAMED_ALIKE)
        yield world, stranger


@pytest.fixture
def within(worlds: tuple[World, World]) -> Iterator[None]:
    """Take back what a test does; its prices are of now."""
    with undone(), live.installed(board_of_pins({})):
        yield


@pytest.fixture
def world(worlds: tuple[World, World], within: None) -> World:
    """Return a customer whose card the processor knows."""
    return worlds[0].today()


@pytest.fixture
def stranger(worlds: tuple[World, World], within: None) -> World:
    """Return somebody else."""
    return worlds[1].today()
