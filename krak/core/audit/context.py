"""Who is changing things, and why: said to the database beside each change.

A context variable holds it for a request; a wrapper around the connection says it within the
transaction of every statement that may write, so that it never outlives one and a pooler between
us and Postgres does no harm. Outside `acting` nothing is wrapped and nothing costs anything.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

from django.db import connection
from psycopg.pq import TransactionStatus

LONGEST_REASON: Final = 500

_WRITES_NOTHING: Final = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET ")

_saying: ContextVar[dict[str, str] | None] = ContextVar("krak_audit", default=None)


@contextmanager
def acting(*, actor: UUID | None, request_id: str = "") -> Iterator[None]:
    """Let every change within be this user's."""
    said = {"actor": str(actor)} if actor else {}
    token = _saying.set(said | {"request_id": request_id})
    try:
        with connection.execute_wrapper(_say_first):
            yield
    finally:
        _saying.reset(token)
        _say_no_more()


@contextmanager
def because(reason: str) -> Iterator[None]:
    """Let every change within have this reason, whoever makes it."""
    before = _saying.get()
    token = _saying.set((before or {}) | {"reason": reason[:LONGEST_REASON]})
    try:
        if before is None:
            with connection.execute_wrapper(_say_first):
                yield
        else:
            yield
    finally:
        _saying.reset(token)
        _say_no_more()


def _say_first(
    execute: Callable[..., Any], sql: str, params: Any, many: Any, context: dict[str, Any]
) -> Any:
    if str(sql).lstrip().upper().startswith(_WRITES_NOTHING):
        return execute(sql, params, many, context)
    if connection.in_atomic_block:
        _say()
        return execute(sql, params, many, context)
    with connection.connection.transaction():
        _say()
        return execute(sql, params, many, context)


def _say() -> None:
    said = _saying.get()
    connection.connection.execute(
        "SELECT set_config('krak.audit', %s, true)", [json.dumps(said) if said else ""]
    )


def _say_no_more() -> None:
    """Take it back where a transaction goes on after us; elsewhere it is gone already."""
    session = connection.connection
    if session is not None and session.info.transaction_status == TransactionStatus.INTRANS:
        _say()
