"""Errors as RFC 9457 problem+json, with a stable `code`; the one place that knows HTTP statuses."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import Error as DatabaseProblem
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from krak.core.errors import DomainError, Kind

logger = logging.getLogger(__name__)

STATUS: Final = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.REFUSED: 422,
    Kind.TOO_LARGE: 413,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
RETRYABLE: Final = {429, 503}
MEDIA_TYPE: Final = "application/problem+json"
UNAVAILABLE: Final = (503, "api.unavailable", "Try again soon.")
NO_DATABASE: Final = "the database did not answer"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into a problem; a bug is not caught here and becomes a 500."""
    request = context["request"]
    errors: list[dict[str, str]] = []
    retryable = False
    if isinstance(error, DomainError):
        retryable = error.retryable
        status, code, title, detail = STATUS[error.kind], error.code, error.title, error.detail
        facts = error.facts
    elif isinstance(error, exceptions.ValidationError):
        status, code, title, detail = 400, "api.invalid", "The request is not valid.", ""
        errors, facts = list(_field_errors(error.detail)), {}
    elif isinstance(error, exceptions.APIException):
        status, facts = error.status_code, {}
        code, title, detail = (
            f"api.{error.default_code}",
            str(error.default_detail),
            str(error.detail),
        )
    elif isinstance(error, Http404):
        status, code, title, detail, facts = 404, "api.not_found", "There is no such thing.", "", {}
    elif isinstance(error, PermissionDenied):
        status, code, title, detail, facts = 403, "api.permission_denied", "Not allowed.", "", {}
    elif isinstance(error, DatabaseProblem):
        logger.error(NO_DATABASE, exc_info=error)
        (status, code, title), detail, facts = UNAVAILABLE, "", {}
    else:
        return None
    set_rollback()
    if not isinstance(error, DatabaseProblem):
        _say(request, code, detail)
    retryable = retryable or status in RETRYABLE
    body = _problem(
        request, status=status, code=code, title=title, detail=detail, errors=errors, facts=facts,
        retryable=retryable,
    )  # fmt: skip
    response = Response(body, status=status, content_type=MEDIA_TYPE)
    if scheme := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = scheme
    if retryable:
        response["Retry-After"] = str(facts.get("retry_after", 1))
    return response


def _say(request: Any, code: str, detail: str) -> None:
    """Say that a request was refused, by its code; Django says only what is 500 or more."""
    logger.warning("%s refused: %s: %s", request.path, code, detail)


def _field_errors(detail: Any, path: str = "") -> Any:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            # REST framework names the rows of a list by their number.
            below = f"{path}[{name}]" if isinstance(name, int) else f"{path}.{name}"
            yield from _field_errors(inner, below if path else str(name))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _field_errors(inner, f"{path}[{position}]" if nested else path)
    else:
        yield {"field": path, "code": detail.code, "detail": str(detail)}


def _problem(
    request: Any,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: list[dict[str, str]],
    facts: dict[str, Any],
    retryable: bool = False,
) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        **({"detail": detail} if detail and detail != title else {}),
        **({"errors": errors} if errors else {}),
        **({"facts": facts} if facts else {}),
        "request_id": request.META.get("krak.request_id", ""),
        "retryable": retryable,
    }


def _plain(
    request: HttpRequest,
    status: int,
    code: str,
    title: str,
    *,
    detail: str = "",
    facts: dict[str, Any] | None = None,
) -> JsonResponse:
    retryable = status in RETRYABLE
    body = _problem(
        request, status=status, code=code, title=title, detail=detail, errors=[],
        facts=facts or {}, retryable=retryable,
    )  # fmt: skip
    response = JsonResponse(body, status=status, content_type=MEDIA_TYPE)
    if retryable:
        response["Retry-After"] = str((facts or {}).get("retry_after", 1))
    return response


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer what Django does not even read, such as a body larger than any of ours."""
    if isinstance(exception, RequestDataTooBig):
        return _plain(request, 413, "api.body_too_large", "The body is too large.")
    return _plain(request, 400, "api.bad_request", "The request cannot be read.")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001 - by name
    """Answer an unknown path."""
    return _plain(request, 404, "api.not_found", "There is no such thing.")


def server_error(request: HttpRequest) -> JsonResponse:
    """Answer after a bug; the log has it under the request id."""
    return _plain(request, 500, "api.broken", "Something broke on our side.")


def refuses_plainly(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Turn a refusal of a view without DRF, such as a webhook, into a problem and one log line.

    A database that cannot be asked or written to is one, too: whoever told us tells us again.
    """

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except DomainError as refusal:
            _say(request, refusal.code, refusal.detail)
            status = STATUS[refusal.kind]
            return _plain(
                request, status, refusal.code, refusal.title,
                detail=refusal.detail, facts=refusal.facts,
            )  # fmt: skip
        except DatabaseProblem:
            logger.exception(NO_DATABASE)
            return _plain(request, *UNAVAILABLE)

    return answered
