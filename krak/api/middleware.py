"""What every request gets: an id that is on the answer and in the logs, and no forged sender."""

import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeGuard

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from krak.api import metrics
from krak.api.conditional import tagged
from krak.api.limits import drop_forged
from krak.api.openapi import VERSION
from krak.core import logs
from krak.core.ids import show, uuid7

GIVEN_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
API: Final = "/v1/"


class RequestContext:
    """Name each request; a well-formed `Request-Id` of the client is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the id of the request, the version of the API, and an ETag to poll by."""
        drop_forged(request.META)
        given = request.headers.get("Request-Id", "")
        request_id = given if GIVEN_ID.fullmatch(given) else show("req", uuid7())
        request.META["krak.request_id"] = request_id
        logs.begin(request=request_id)
        began = time.perf_counter()
        response = self.get_response(request)
        metrics.answered(request, status=response.status_code, seconds=time.perf_counter() - began)
        if request.path.startswith(API):
            if request.method == "GET" and _is_whole(response):
                response = tagged(request, response)
            response["Krak-Version"] = VERSION
        response["Request-Id"] = request_id
        return response


def _is_whole(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    """Tell whether it is JSON that a client may keep."""
    return (
        isinstance(response, HttpResponse)
        and response.status_code == HTTPStatus.OK
        and response.headers.get("Content-Type", "").startswith("application/json")
        and "no-store" not in response.headers.get("Cache-Control", "")
    )
