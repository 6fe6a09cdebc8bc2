"""Stripe's records, read page by page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from krak.stripe.client import PER_PAGE, as_json, speaking

type Records = Iterator[dict[str, Any]]


def authorizations(*, created_since: int) -> Records:
    """Yield all authorizations of all cards made since (seconds since 1970), newest first."""
    return _each(lambda v1: v1.issuing.authorizations, created={"gte": created_since})


def transactions(*, created_since: int) -> Records:
    """Yield all transactions of all cards made since (seconds since 1970), newest first."""
    return _each(lambda v1: v1.issuing.transactions, created={"gte": created_since})


def disputes(*, created_since: int) -> Records:
    """Yield all disputes made since (seconds since 1970), newest first."""
    return _each(lambda v1: v1.issuing.disputes, created={"gte": created_since})


def undelivered_events(*, created: Mapping[str, int]) -> Records:
    """Yield the events of a time that Stripe still tries to deliver or has given up, newest first.

    `created` bounds it as Stripe does (`gte`, `lt`; seconds since 1970). Stripe keeps events for
    30 days.
    """
    return _each(lambda v1: v1.events, created=created, delivery_success=False)


def _each(resource: Callable[[Any], Any], **asked: Any) -> Records:
    with speaking() as v1:
        for each in resource(v1).list({**asked, "limit": PER_PAGE}).auto_paging_iter():
            yield as_json(each)
