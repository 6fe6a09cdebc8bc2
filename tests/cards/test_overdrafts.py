"""Whom a reward that is taken back leaves with less than nothing is put before staff."""

import pytest

from cards.cashback.models import Grant
from fx.prices import live
from krak.cases.models import Case
from tests.boards import board_of_pins
from tests.cards.shopper import Shopper

pytestmark = pytest.mark.django_db


def test_whom_a_claw_back_leaves_with_less_than_nothing_is_put_before_staff() -> None:
    with live.installed(board_of_pins({})):
        shopper = Shopper("USD", cash=100_00)
        shopper.buys(100_00)
        shopper.apply(shopper.said_by_the_network(100_00, refund=True))
        shopper.apply(shopper.said_by_the_network(101_00, group="p2"))
        assert (shopper.posted("USD"), Case.objects.count()) == (0, 0)

        for _ in range(2):
            shopper.settle()

    assert shopper.posted("USD") == -1
    case = Case.objects.get()
    assert (case.kind, case.customer) == ("overdrawn", shopper.customer)
    assert case.subject == f"cashback:p1_{shopper.customer.id}:1:back:1"
    assert (case.details["amount"], case.details["available"]) == ("1", "-1")
    assert case.details["about"] == ["cashback.grant", str(Grant.objects.get().id)]


def test_a_claw_back_that_leaves_enough_is_no_case() -> None:
    with live.installed(board_of_pins({})):
        shopper = Shopper("USD", cash=100_00)
        shopper.buys(100_00)
        shopper.returns(100_00)

    assert shopper.posted("USD") == 100
    assert not Case.objects.exists()
