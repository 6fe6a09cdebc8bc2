"""Alive (the process answers) and ready (it can decide)."""

from datetime import timedelta
from typing import Final

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from fx.prices import live as board
from krak.core import clock

OLDEST_BOARD: Final = timedelta(seconds=30)


def live(_request: HttpRequest) -> JsonResponse:
    """Answer that this process runs, whatever else is down."""
    return JsonResponse({"status": "live"})


def ready(_request: HttpRequest) -> JsonResponse:
    """Answer whether Postgres answers and the board is young enough to sell by."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = True
    except DatabaseError:
        database = False
    prices = clock.now() - board.current().built_at < OLDEST_BOARD
    body = {
        "status": "ready" if database and prices else "not ready",
        "database": database,
        "prices": prices,
    }
    return JsonResponse(body, status=200 if database and prices else 503)
