"""Stripe's records, read page by page."""

from collections.abc import Iterator, Mapping
from typing import Any

from krak.stripe.client import PER_PAGE, as_json, speaking


def authorizations(*, created_since: int) -> Iterator[dict[str, Any]]:
    """Yield all authorizations of all cards made since (seconds since 1970), newest first."""
    with speaking() as v1:
        asked: Any = {"created": {"gte": created_since}, "limit": PER_PAGE}
        for each in v1.issuing.authorizations.list(asked).auto_paging_iter():
            yield as_json(each)


def transactions(*, created_since: int) -> Iterator[dict[str, Any]]:
    """Yield all transactions of all cards made since (seconds since 1970), newest first."""
    with speaking() as v1:
        asked: Any = {"created": {"gte": created_since}, "limit": PER_PAGE}
        for each in v1.issuing.transactions.list(asked).auto_paging_iter():
            yield as_json(each)


def disputes(*, created_since: int) -> Iterator[dict[str, Any]]:
    """Yield all disputes made since (seconds since 1970), newest first."""
    with speaking() as v1:
        asked: Any = {"created": {"gte": created_since}, "limit": PER_PAGE}
        for each in v1.issuing.disputes.list(asked).auto_paging_iter():
            yield as_json(each)


def undelivered_events(*, created: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the events of a time that Stripe still tries to deliver or has given up, newest first.

    `created` bounds it as Stripe does (`gte`, `lt`; seconds since 1970). Stripe keeps events for
    30 days.
    """
    with speaking() as v1:
        asked: Any = {"created": created, "delivery_success": False, "limit": PER_PAGE}
        for each in v1.events.list(asked).auto_paging_iter():
            yield as_json(each)
