"""What Prometheus gets, who may ask, and that the example rules ask for what there is."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from fx.prices import services as prices
from fx.prices.health import Report, State
from krak.cases import services as cases
from krak.core import clock
from krak.core.outbox.models import OutboxMessage
from krak.core.schedule.models import Run
from krak.core.transactions import transaction
from krak.runtime.tasks import PROOF_OF_BOOKS
from tests.cards.scenarios import Play, scenario

ROOT = Path(__file__).parents[2]


@pytest.fixture
def play(client: Client, pinned: Any) -> Play:
    """Return a customer with 100 dollars."""
    return Play(scenario("A01"), client, pinned)


def gauges(client: Client) -> dict[tuple[str, ...], float]:
    """Return each sample of /metrics by its name and the values of its labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("amount", "outcome"), [(1, "approved"), (10_001, "declined")])
def test_a_tap_is_counted_by_its_outcome(
    client: Client, play: Play, amount: int, outcome: str
) -> None:
    before = gauges(client)
    play.door.request(amount)
    after = gauges(client)

    more = {name: after[name] - before.get(name, 0) for name in after if "_created" not in name[0]}
    taps = {name[1]: by for name, by in more.items() if name[0] == "krak_decision_seconds_count"}
    reasons = {name[1]: by for name, by in more.items() if name[0] == "krak_declines_total"}
    assert {name: by for name, by in taps.items() if by} == {outcome: 1}
    wanted = {"insufficient_funds": 1} if outcome == "declined" else {}
    assert {name: by for name, by in reasons.items() if by} == wanted


@pytest.mark.django_db
@pytest.mark.parametrize(("currency", "counted"), [("usd", 0), ("jpy", 0), ("qqq", 1)])
def test_a_merchant_currency_that_we_cannot_read_is_counted(
    client: Client, play: Play, currency: str, counted: int
) -> None:
    name = ("krak_unknown_merchant_currencies_total",)
    before = gauges(client).get(name, 0)

    play.request(1, merchant_currency=currency)

    assert gauges(client)[name] - before == counted


@pytest.mark.django_db
def test_the_house_shows_its_oldest_promise_the_dead_and_open_cases(client: Client) -> None:
    now = clock.now()
    OutboxMessage.objects.create(topic="x", payload={}, due_at=now - timedelta(seconds=90))
    OutboxMessage.objects.create(topic="x", payload={}, due_at=now + timedelta(hours=1))
    OutboxMessage.objects.create(topic="x", payload={}, dead_at=now, due_at=now - timedelta(days=1))
    with transaction():
        cases.open_case(kind="books", subject="posted", customer_id=None, now=now)

    found = gauges(client)

    assert 90 <= found["krak_outbox_age_seconds",] < 95
    assert found["krak_outbox_dead",] == 1
    assert found["krak_cases_open", "books"] == 1
    assert found["krak_proof_age_seconds", "books"] == 0


@pytest.mark.django_db
def test_a_proof_that_never_ends_gets_older(client: Client) -> None:
    now = clock.now()
    for hours in (3, 2, 1):
        Run.objects.create(job=PROOF_OF_BOOKS, slot=now - timedelta(hours=hours), started_at=now)
    assert 3 * 3600 <= gauges(client)["krak_proof_age_seconds", "books"] < 3 * 3600 + 5

    Run.objects.filter(slot=now - timedelta(hours=2)).update(finished_at=now)
    found = gauges(client)
    assert 2 * 3600 <= found["krak_proof_age_seconds", "books"] < 2 * 3600 + 5
    assert found["krak_proof_age_seconds", "history"] == 0


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_not_by_path(client: Client) -> None:
    client.get("/v1/authorizations/auth_01h455vb4pex5vsknk084sn02q")

    names = [name for name in gauges(client) if name[0] == "krak_request_seconds_count"]
    assert ("krak_request_seconds_count", "GET", "v1/authorizations/<str:shown_id>", "4xx") in names


@pytest.mark.django_db
def test_with_a_token_only_who_says_it_is_answered(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "of-prometheus"

    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer no"}).status_code == 404
    said = client.get("/metrics", headers={"Authorization": "Bearer of-prometheus"})
    assert said.status_code == 200


@pytest.mark.django_db
def test_without_a_token_only_the_sandbox_answers(client: Client, settings: Any) -> None:
    settings.SANDBOX = False

    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
def test_a_provider_that_is_gone_is_seen_however_fresh_its_report_is(client: Client) -> None:
    now = clock.now()
    heard = now - timedelta(hours=3)
    prices.keep_reports(
        [
            Report(provider="stream", state=State.RETRYING, last_tick_at=heard),
            Report(provider="rest", state=State.LIVE, last_tick_at=now),
            Report(provider="bank", state=State.STARTING),
        ],
        now=now,
    )

    found = gauges(client)

    assert found["krak_feed_age_seconds", "stream"] > timedelta(hours=3).total_seconds() - 1
    assert found["krak_feed_age_seconds", "rest"] < 60
    assert ("krak_feed_age_seconds", "bank") not in found
    assert {name[1]: at for name, at in found.items() if name[0] == "krak_feed_live"} == {
        "stream": 0, "rest": 1, "bank": 0,
    }  # fmt: skip


@pytest.mark.django_db
def test_every_name_in_the_example_rules_is_one_that_is_given(client: Client, play: Play) -> None:
    play.door.request(10_001)
    given = {name for name, *_labels in gauges(client)}
    # These two have samples only once there is a case and a provider.
    given |= {"krak_cases_open", "krak_feed_live"}
    rules = yaml.safe_load((ROOT / "ops/alerts.yml").read_text())["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"krak_\w+", rule["expr"])}

    assert asked <= given
    assert len(rules) == 12


@pytest.mark.django_db
def test_a_single_tap_that_broke_is_an_increase_and_an_alarm(
    client: Client, play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    # Counted as 0 before there is one: what first appears as 1 has not increased, to Prometheus.
    before = gauges(client)["krak_declines_total", "system_error"]
    play.door.currency = "eur"
    play.door.request(100)

    assert gauges(client)["krak_declines_total", "system_error"] == before + 1
    errors = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert errors == [f"authorization {play.door.id('a1')}: EUR on a card in USD"]
    rules = yaml.safe_load((ROOT / "ops/alerts.yml").read_text())["groups"][0]["rules"]
    (rule,) = (each for each in rules if each["alert"] == "ATapBroke")
    assert rule["expr"] == 'sum(increase(krak_declines_total{reason="system_error"}[10m])) > 0'
    assert "for" not in rule
