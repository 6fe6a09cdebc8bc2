"""What every request gets: an id that is on the answer and in the logs, and no forged sender."""

import re
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from krak.api.limits import drop_forged
from krak.core.ids import show, uuid7

GIVEN_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


class RequestContext:
    """Name each request; a well-formed `Request-Id` of the client is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the id of the request."""
        drop_forged(request.META)
        given = request.headers.get("Request-Id", "")
        request_id = given if GIVEN_ID.fullmatch(given) else show("req", uuid7())
        request.META["krak.request_id"] = request_id
        response = self.get_response(request)
        response["Request-Id"] = request_id
        return response
