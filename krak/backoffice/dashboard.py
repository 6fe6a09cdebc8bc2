"""The first page of the back office: is it well, and what happened in the last hour?"""

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse

from fx.prices import live
from fx.prices.queries import provider_reports
from fx.prices.screens import providers_section
from krak.backoffice import queries
from krak.core import clock
from krak.core.admin import Section, badge, link_to

STRAYS: Final = 10
OLD_BOARD_SECONDS: Final = 10


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what waits for staff, and the live figures for those who may read decisions."""
    context = context | {"queues": _queues(request)}
    if not request.user.has_perm("authorizations.view_decision"):
        return context
    now = clock.now()
    outcomes, promises, board = queries.outcomes(now=now), queries.promises(), live.current()
    age = None if board.empty else max(0, int((now - board.built_at).total_seconds()))
    strays = queries.newest_strays(most=STRAYS)
    return context | {
        "outcomes": outcomes,
        "promises": promises,
        "waits_seconds": _seconds_since(promises.oldest_due_at, now),
        "board": board,
        "board_age": age,
        "board_is_old": age is None or age > OLD_BOARD_SECONDS,
        "sections": [
            providers_section(provider_reports(), now=now),
            Section(
                title="Decisions of the last hour",
                head=("Outcome", "Count"),
                rows=[(badge(name), n) for name, n in outcomes.by_outcome.most_common()],
            ),
            Section(
                title="Refused because of",
                head=("Reason", "Count"),
                rows=[(name.replace("_", " "), n) for name, n in outcomes.by_reason.most_common()],
            ),
            Section(
                title="Newest strays",
                note="Requests that were declined without a customer's book.",
                head=("When", "Reason", "Authorization", "Card"),
                rows=[
                    (s.received_at, s.reason.replace("_", " "), link_to(s, s.stripe_id),
                     s.card_stripe_id)
                    for s in strays
                ],
            ),
        ],
    }  # fmt: skip


def _queues(request: HttpRequest) -> list[tuple[queries.Queue, str]]:
    """Return what waits for somebody with the rights to see it, and where it is."""

    def may_view(table: str) -> bool:
        app, model = table.split(".")
        return request.user.has_perm(f"{app}.view_{model}")

    return [
        (queue, reverse(f"admin:{queue.table.replace('.', '_')}_changelist") + queue.only)
        for queue in queries.queues(may_view=may_view)
    ]


def _seconds_since(moment: Any, now: Any) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))
