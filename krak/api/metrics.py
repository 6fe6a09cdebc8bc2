"""How long each route takes, and with what result."""

from typing import Final

from django.http import HttpRequest
from prometheus_client import Histogram

_SECONDS: Final = Histogram(
    "krak_request_seconds",
    "Requests to the API, the webhooks and the admin.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


def answered(request: HttpRequest, *, status: int, seconds: float) -> None:
    """Count a request by its route, never by its path: paths have no end."""
    route = request.resolver_match.route if request.resolver_match else "unknown"
    method = request.method if request.method in _METHODS else "other"
    _SECONDS.labels(method, route, f"{status // 100}xx").observe(seconds)
