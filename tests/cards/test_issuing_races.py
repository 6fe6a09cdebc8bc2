"""Two wishes for one card at the same moment, with committed rows."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from cards.issuing import services as issuing
from cards.issuing.models import Card, EndReason
from cards.issuing.services.cards import CardNotReplaceable
from krak.core.transactions import transaction
from tests.cards.stripe_side import StripeSide
from tests.people import new_customer

pytestmark = pytest.mark.usefixtures("committed")


def test_two_replacements_at_once_are_one(stripe_side: StripeSide, pinned: Any) -> None:
    pinned()
    card = new_customer().card
    start = threading.Barrier(2)

    def replace(_n: int) -> UUID | None:
        start.wait(10)
        try:
            with transaction():
                return issuing.replace(card=card, reason=EndReason.LOST).id
        except CardNotReplaceable:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        made = [each for each in pool.map(replace, range(2)) if each]

    assert len(made) == 1
    assert [each.id for each in Card.objects.filter(replaces=card)] == made
