"""What staff see of the house's risk, and what they may do about it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from holdings.hedging.models import HedgeFill, HedgeOrder, OrderState, RiskLimit, RiskState
from krak.core import clock
from krak.customers.models import User
from tests.hedging.conftest import House

pytestmark = pytest.mark.filterwarnings("ignore:Overriding get_action_choices")

LIST_QUERIES = 12


@pytest.fixture
def boss(house: House) -> User:
    return User.objects.create_superuser("boss@krak.example", "sandbox-staff")


@pytest.fixture
def staff(boss: User) -> Client:
    client = Client()
    client.force_login(boss)
    return client


def _list(name: str) -> str:
    return reverse(f"admin:hedging_{name}_changelist")


def _text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def test_the_exposure_page_says_where_the_house_stands(
    house: House, staff: Client, settings: Any, pinned: Any
) -> None:
    settings.EXECUTION = "none"
    house.limit("AAPLx")
    pinned({"AAPLx": "100"}, multipliers={"AAPLx": "2"})
    house.trade("AAPLx", "600", "120000")
    house.net()
    pinned({"AAPLx": "101"}, multipliers={"AAPLx": "2"})

    page = _text(staff.get(_list("riskstate")))

    for shown in (
        "1,200",
        "121,200.00 USD",
        "1,000.00 USD",
        "40 bps wider",
        "selling stopped",
        "0.00 USD",
    ):
        assert shown in page
    row = _text(staff.get(reverse("admin:hedging_riskstate_change", args=["AAPLx"])))
    assert "120,000.00 USD" in row
    assert "1,200.00 USD" in row


def test_lists_take_few_queries_however_many_rows(house: House, staff: Client) -> None:
    for code, units, usd in (("BTC", "2", "100000"), ("ETH", "40", "100000"),
                             ("SOL", "1000", "100000")):  # fmt: skip
        house.limit(code)
        house.trade(code, units, usd)
    house.settle()
    for name in ("riskstate", "hedgeorder", "hedgefill", "risklimit", "venueinstrument"):
        with CaptureQueriesContext(connection) as asked:
            _text(staff.get(_list(name)))
        assert len(asked) <= LIST_QUERIES, name
    order = HedgeOrder.objects.latest("id")
    assert "FILLED" in _text(staff.get(reverse("admin:hedging_hedgeorder_change", args=[order.pk])))
    fill = HedgeFill.objects.latest("id")
    _text(staff.get(reverse("admin:hedging_hedgefill_change", args=[fill.pk])))


def test_staff_hedge_and_cancel_with_a_reason(house: House, staff: Client, boss: User) -> None:
    house.limit("BTC")
    house.trade("BTC", "0.01", "500")
    house.net()

    def act(name: str, action: str, pk: Any, reason: str) -> str:
        data = {"action": action, "_selected_action": [str(pk)], "reason": reason}
        return _text(staff.post(_list(name), data, follow=True))

    assert "Say why." in act("riskstate", "hedge_now", "BTC", "")
    assert "BTC: done." in act("riskstate", "hedge_now", "BTC", "before the weekend")
    (order,) = HedgeOrder.objects.filter(asset="BTC")
    assert (order.reason, order.asked_by, order.quantity) == (
        "before the weekend", boss, Decimal("0.01"),
    )  # fmt: skip
    assert "Cancelling an order needs a reason." in act("hedgeorder", "cancel", order.pk, "")
    assert "done." in act("hedgeorder", "cancel", order.pk, "changed my mind")
    order = house.again(order)
    assert (order.state, order.cancel_reason, order.cancel_asked_by) == (
        OrderState.EXPIRED, "changed my mind", boss,
    )  # fmt: skip


def test_a_new_limit_begins_now_at_the_earliest_and_names_its_author(
    house: House, staff: Client, boss: User
) -> None:
    before = clock.now()
    form = {
        "asset": "SOL", "kind": "", "target_units": "5", "band_usd": "100",
        "widen_at_usd": "200", "widen_bps": "10", "stop_at_usd": "300", "slip_bps": "",
        "reason": "a quiet market", "effective_at_0": f"{before - timedelta(days=3):%Y-%m-%d}",
        "effective_at_1": "00:00:00",
    }  # fmt: skip
    add = reverse("admin:hedging_risklimit_add")

    assert staff.post(add, form).status_code == 302

    limit = RiskLimit.objects.get(asset="SOL")
    assert (limit.target_units, limit.slip_bps, limit.created_by) == (5, None, boss)
    assert limit.effective_at >= before
    for wrong in ({"asset": "NOPE"}, {"kind": "CRYPTO"}, {"band_usd": "250"}, {"reason": ""}):
        assert staff.post(add, form | wrong).status_code == 200
    assert RiskLimit.objects.filter(asset="SOL").count() == 1


def test_staff_without_the_right_may_not_act(house: House, staff: Client, boss: User) -> None:
    boss.is_superuser = False
    boss.save()
    house.limit("BTC")
    house.trade("BTC", "0.01", "500")
    house.net()

    staff.post(
        _list("riskstate"),
        {"action": "hedge_now", "_selected_action": ["BTC"], "reason": "because"},
    )

    assert staff.get(_list("riskstate")).status_code == 403
    assert not HedgeOrder.objects.filter(asset="BTC").exists()
    assert RiskState.objects.get(asset="BTC").units == Decimal("0.01")
