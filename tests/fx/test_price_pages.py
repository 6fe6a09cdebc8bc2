"""The back office's pages about prices: providers, halts, wider spreads, the calendar."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from fx.assets.models import Asset
from fx.assets.services import load_catalogue
from fx.prices import services
from fx.prices.health import Line, Report, State
from fx.prices.models import ProviderReport
from fx.venues.models import Halt, MarketHoliday, TradingSession, Widening
from krak.core.clock import now
from krak.customers.models import User
from tests.fx.prices import board

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss@krak.example", "sandbox-staff"))
    return client


@pytest.fixture
def bitcoin() -> Asset:
    load_catalogue(now=now())
    return Asset.objects.get(code="BTC")


def report(**said) -> Report:
    usual: dict[str, Any] = {
        "provider": "kraken_ws", "state": State.LIVE, "ticks": 4711, "rejected": {"crossed": 23},
        "reconnects": 3, "last_tick_at": now(),
        "lines": (Line(at=now(), reason="crossed", detail="<b>BTC</b>: 2 / 1"),),
    }  # fmt: skip
    return Report(**usual | said)


def listed(table):
    return reverse(f"admin:{table._meta.label_lower.replace('.', '_')}_changelist")


def test_providers_are_shown_as_they_are_now_and_not_as_they_were_kept(staff, feed):
    services.keep_reports([report(ticks=1)], now=now() - timedelta(minutes=1))
    feed.publish(board(at=now()), [report()])

    page = staff.get(listed(ProviderReport)).content.decode()
    assert "4711" in page
    assert "LIVE" in page

    row = ProviderReport.objects.get()
    page = staff.get(reverse("admin:prices_providerreport_change", args=[row.pk])).content.decode()
    assert "crossed" in page
    assert "&lt;b&gt;BTC&lt;/b&gt;: 2 / 1" in page
    assert "<b>BTC</b>" not in page


def test_a_market_that_is_gone_is_told_by_its_last_copy(staff, feed):
    services.keep_reports([report(ticks=815)], now=now() - timedelta(minutes=1))

    page = staff.get(listed(ProviderReport)).content.decode()
    assert "815" in page
    assert "no report" in page


def test_the_overview_shows_providers(staff, feed):
    feed.publish(board(at=now()), [report(state=State.RETRYING)])

    page = staff.get(reverse("admin:index")).content.decode()
    assert "Price providers" in page
    assert "kraken_ws" in page
    assert "RETRYING" in page


def test_staff_halt_an_asset_and_let_it_trade_again(staff, bitcoin):
    said = {"asset": bitcoin.pk, "sides": "SELLING", "reason": "ISSUER", "until_at_0": "",
            "until_at_1": ""}  # fmt: skip
    add = reverse("admin:venues_halt_add")
    assert staff.post(add, said | {"note": ""}).status_code == 200
    assert not Halt.objects.exists()

    assert staff.post(add, said | {"note": "the issuer says so"}).status_code == 302
    halt = Halt.objects.get()
    assert (halt.sides, halt.reason, halt.note) == ("SELLING", "ISSUER", "the issuer says so")
    assert halt.until_at is None
    assert "in force" in staff.get(listed(Halt)).content.decode()

    chosen = {"action": "resume", "_selected_action": [str(halt.pk)]}
    page = staff.post(listed(Halt), chosen, follow=True).content.decode()
    assert "BTC is no longer halted for issuer." in page
    halt.refresh_from_db()
    assert halt.until_at is not None


def test_a_halt_that_would_be_over_is_refused_in_words(staff, bitcoin):
    said = {"asset": bitcoin.pk, "sides": "BOTH", "reason": "RISK", "note": "x",
            "until_at_0": "2020-01-01", "until_at_1": "00:00:00"}  # fmt: skip

    page = staff.post(reverse("admin:venues_halt_add"), said)

    assert page.status_code == 200
    assert "A halt ends after it begins." in page.content.decode()
    assert not Halt.objects.exists()


def test_staff_widen_a_spread_replace_and_end_it(staff, bitcoin):
    add = reverse("admin:venues_widening_add")
    said = {"asset": bitcoin.pk, "reason": "OPERATOR"}
    for bps in (50, 80):
        assert staff.post(add, said | {"bps": bps}).status_code == 302
    assert list(Widening.objects.filter(until_at=None).values_list("bps", flat=True)) == [80]
    assert staff.post(add, said | {"bps": 9000}).status_code == 200

    chosen = {"action": "end", "_selected_action": [str(Widening.objects.get(bps=80).pk)]}
    staff.post(listed(Widening), chosen)
    assert not Widening.objects.filter(until_at=None).exists()
    assert Widening.objects.count() == 2


def test_staff_keep_the_calendar(staff):
    assert "Good Friday" in staff.get(listed(MarketHoliday)).content.decode()
    assert "24/5" in staff.get(listed(TradingSession)).content.decode()

    said = {"on": "2029-01-01", "name": "New Year's Day"}
    staff.post(reverse("admin:venues_marketholiday_add"), said)
    assert MarketHoliday.objects.filter(on="2029-01-01").exists()


@pytest.mark.parametrize("table", [ProviderReport, Halt, Widening, MarketHoliday, TradingSession])
def test_who_is_no_staff_sees_nothing(client, table):
    assert client.get(listed(table)).status_code == 302
