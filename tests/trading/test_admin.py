"""Staff read what customers trade, and add dated rows; nothing is edited by hand."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fx.eligibility.models import EligibilityRule, SuitabilityCheck
from fx.eligibility.rules import STATEMENTS
from fx.quotes.models import FeeSchedule, Quote, QuotePolicy
from holdings.trading.models import (
    AutoConvertRule,
    AutoConvertRun,
    Order,
    RecurringBuy,
    RecurringRun,
    Trade,
)
from holdings.trading.services import recurring
from krak.core import clock
from krak.core.outbox import services as outbox
from krak.customers.models import User
from tests.people import Known
from tests.trading.orders import SELL, placed
from tests.trading.test_auto_convert import deposit, set_rule
from tests.trading.test_recurring import started

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]

DATED: list[Any] = [EligibilityRule, FeeSchedule, QuotePolicy]
READ: list[Any] = [
    AutoConvertRule, AutoConvertRun, Order, Quote, RecurringBuy, RecurringRun, SuitabilityCheck,
    Trade,
]  # fmt: skip


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss@krak.example", "sandbox-staff"))
    return client


def page(table: Any, name: str, *ids: Any) -> str:
    return reverse(f"admin:{table._meta.app_label}_{table._meta.model_name}_{name}", args=ids)


def test_every_table_has_a_list_and_a_page_that_nobody_edits(
    market: Any, ada: Known, staff: Client
) -> None:
    placed(ada, SELL)
    started(ada)
    set_rule(ada)
    deposit(ada, "100")
    recurring.run_due(board=market(), now=clock.now())
    ada.send("/v1/suitability", {"answers": {each.id: each.true for each in STATEMENTS}})
    outbox.drain(now=clock.now())

    for table in READ + DATED:
        row = table.objects.first()
        assert row is not None, table
        assert staff.get(page(table, "changelist")).status_code == 200, table
        assert staff.get(page(table, "change", row.pk)).status_code == 200, table
        assert staff.post(page(table, "change", row.pk), {}).status_code == 403, table
        assert staff.post(page(table, "delete", row.pk), {"post": "yes"}).status_code == 403, table
    for table in READ:
        assert staff.get(page(table, "add")).status_code == 403, table


@pytest.mark.parametrize(
    ("table", "form"),
    [
        (
            EligibilityRule,
            {
                "asset_class": "SECURITY", "country": "CH", "verdict": "NOT_AVAILABLE",
                "reason": "the regulator said so",
            },
        ),
        (FeeSchedule, {"fee_bps": "90", "minimum_fee_usd": "0.10", "free_with": "USD,USDG"}),
        (
            QuotePolicy,
            {
                "valid_seconds": "15", "minimum_usd": "1", "maximum_usd": "100",
                "daily_maximum_usd": "1000",
            },
        ),
    ],
)  # fmt: skip
def test_staff_add_a_dated_row(table: Any, form: dict[str, str], staff: Client) -> None:
    before = table.objects.count()

    response = staff.post(
        page(table, "add"), form | {"effective_at_0": "2099-01-01", "effective_at_1": "00:00:00"}
    )

    assert response.status_code == 302, response.content[:2000]
    assert table.objects.count() == before + 1
    assert table.objects.filter(effective_at__year=2099).exists()


def test_staff_without_the_right_add_nothing(staff: Client) -> None:
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk@krak.example", is_staff=True))

    for table in DATED:
        assert clerk.get(page(table, "add")).status_code == 403
