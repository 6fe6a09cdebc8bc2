"""`/metrics`: what the processes counted, and how the house stands as the database knows it."""

import hmac
import os
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from fx.prices import live
from fx.prices.health import Report, State
from fx.prices.models import ProviderReport
from krak.cases.models import Case, Status
from krak.core import clock
from krak.core.archive.queries import overdue
from krak.core.archive.registry import kinds
from krak.core.inbox.models import InboxEvent
from krak.core.outbox.models import OutboxMessage
from krak.core.schedule.models import Run
from krak.identity.headers import bearer_token
from krak.runtime.tasks import PROOF_OF_BOOKS, PROOF_OF_HISTORY


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, who says the token; without one set, only the sandbox answers."""
    token = settings.METRICS_TOKEN
    given = bearer_token(request) or ""
    if not (hmac.compare_digest(given, token) if token else settings.SANDBOX):
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    registry = CollectorRegistry()
    registry.register(House())
    own = generate_latest(registry)
    return HttpResponse(_counted() + own, content_type=CONTENT_TYPE_LATEST)


def _counted() -> bytes:
    """Return what all processes that share a folder counted, or this one alone."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


class House(Collector):
    """Gauges read from the database when they are asked for: true whichever process answers."""

    def collect(self) -> Iterator[Metric]:
        """Yield each gauge."""
        now = clock.now()

        def age(rows: QuerySet[Any], column: str) -> float:
            oldest = rows.aggregate(oldest=Min(column))["oldest"]
            return (now - oldest).total_seconds() if oldest is not None and oldest < now else 0.0

        waiting = OutboxMessage.objects.filter(done_at=None, dead_at=None)
        yield _gauge("krak_outbox_age_seconds", "How long the oldest due promise waits.",
                     age(waiting, "due_at"))  # fmt: skip
        yield _gauge("krak_outbox_dead", "Promises given up.",
                     OutboxMessage.objects.exclude(dead_at=None).count())  # fmt: skip
        unprocessed = InboxEvent.objects.filter(processed_at=None, waits_for="")
        yield _gauge("krak_inbox_age_seconds", "How long the oldest event waits to be applied.",
                     age(unprocessed, "received_at"))  # fmt: skip
        board = live.current()
        yield _gauge("krak_board_age_seconds", "Age of the price board that decides here.",
                     (now - board.built_at).total_seconds())  # fmt: skip
        feeds = GaugeMetricFamily(
            "krak_feed_age_seconds", "Since a provider's last price came.", labels=["provider"]
        )
        alive = GaugeMetricFamily(
            "krak_feed_live", "Whether a provider gives prices: 0 while it is retried or stopped.",
            labels=["provider"],
        )  # fmt: skip
        for row in ProviderReport.objects.all():
            report = Report.from_json(row.body)
            if report.last_tick_at is not None:
                feeds.add_metric([row.provider], (now - report.last_tick_at).total_seconds())
            alive.add_metric([row.provider], float(report.state is State.LIVE))
        yield feeds
        yield alive
        proofs = GaugeMetricFamily(
            "krak_proof_age_seconds",
            "Since the newest proof that came to its end began, or the very first.",
            labels=["of"],
        )
        for of, job in (("books", PROOF_OF_BOOKS), ("history", PROOF_OF_HISTORY)):
            runs = Run.objects.filter(job=job)
            proved = runs.exclude(finished_at=None).order_by("-slot").first()
            since = proved or runs.order_by("slot").first()
            proofs.add_metric([of], (now - since.slot).total_seconds() if since else 0.0)
        yield proofs
        late = GaugeMetricFamily(
            "krak_archive_overdue_seconds", "Since rows should be in the archive.", labels=["kind"]
        )
        for kind in kinds():
            late.add_metric([kind.name], overdue(kind, now=now).total_seconds())
        yield late
        cases = GaugeMetricFamily("krak_cases_open", "Oddities to be looked at.", labels=["kind"])
        by_kind = Case.objects.filter(status=Status.OPEN).values("kind").annotate(many=Count("pk"))
        for found in by_kind.order_by("kind"):
            cases.add_metric([found["kind"]], found["many"])
        yield cases


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
