"""Whatever moves money is done once, by who may, and not too often."""

from typing import Any

import pytest
from django.urls import resolve

from cards.issuing.api.cards import NEW_CARDS
from krak.api.limits import MONEY, Throttle
from krak.exports.api import EXPORTS
from tests.api import rows
from tests.api.schema import Operation, operations
from tests.api.world import World

POSTS = [each for each in operations() if each.method == "post" and not each.is_open]
BESIDE_MONEY = {
    "POST /v1/cards", "POST /v1/exports", "POST /v1/me/erasure", "POST /v1/price-alerts",
}  # fmt: skip
"""What needs a key for something else that must not happen twice."""
NOT_FOR_THEM = {"POST /v1/me/erasure", "POST /v1/verifications"}
"""Who has money is not erased, and who is verified not verified again; other tests do both."""
MOVING = [each for each in POSTS if each.needs_key and str(each) not in BESIDE_MONEY]


@pytest.mark.parametrize(
    "operation", [e for e in POSTS if e.keyed and str(e) not in NOT_FOR_THEM], ids=str
)
def test_a_repeat_with_the_same_key_changes_nothing(operation: Operation, world: World) -> None:
    rows.happens_once(operation, world)


@pytest.mark.parametrize("operation", MOVING, ids=str)
def test_who_is_not_verified_moves_nothing(operation: Operation, world: World) -> None:
    rows.lets_in_nobody_unverified(operation, world)


@pytest.mark.parametrize("operation", MOVING, ids=str)
def test_nobody_moves_money_too_often(operation: Operation) -> None:
    path = operation.path.replace("{id}", "x")
    view: Any = resolve(path).func
    assert MONEY in view.view_class.throttle_classes


@pytest.mark.parametrize(
    ("path", "throttle"),
    [("/v1/cards", NEW_CARDS), ("/v1/cards/x/replace", NEW_CARDS), ("/v1/exports", EXPORTS)],
)
def test_nobody_makes_too_many_cards_or_files(path: str, throttle: type[Throttle]) -> None:
    view: Any = resolve(path).func
    assert throttle in view.view_class.throttle_classes
    assert [(each.most, each.seconds) for each in throttle.limits] == [(30, 60), (200, 86_400)]


def test_all_that_moves_money_is_looked_at() -> None:
    assert {str(each) for each in MOVING} >= {
        "POST /v1/orders", "POST /v1/payment-links", "POST /v1/payment-links/claim",
        "POST /v1/payment-requests/{id}/pay", "POST /v1/quotes/{id}/accept",
        "POST /v1/recurring-buys", "POST /v1/split-bills", "POST /v1/top-ups",
        "POST /v1/transfers", "POST /v1/transfers/{id}/cancel", "POST /v1/withdrawals",
    }  # fmt: skip
