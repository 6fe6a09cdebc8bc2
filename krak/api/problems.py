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
from rest_framework.settings import api_settings
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
OF_FRAMEWORK: Final = {
    "api.bad_request": (400, "The request cannot be read."),
    "api.body_too_large": (413, "The body is larger than 512 KiB."),
    "api.invalid": (400, "The request is not valid."),
    "api.parse_error": (400, "The body is no readable JSON."),
    "api.not_authenticated": (401, "There is no token."),
    "api.authentication_failed": (401, "The token is unknown, ended or expired."),
    "api.permission_denied": (403, "Not allowed."),
    "api.not_found": (404, "There is no such thing."),
    "api.method_not_allowed": (405, "This address does not take that method."),
    "api.not_acceptable": (406, "Answers are JSON, and `Accept` does not take it."),
    "api.unsupported_media_type": (415, "Bodies are JSON: `Content-Type: application/json`."),
    "api.unavailable": (503, "Try again soon."),
    "api.broken": (500, "Something broke on our side."),
}
"""What REST framework and Django refuse, by the code that we give it."""
RETRYABLE: Final = {429, 503}
MEDIA_TYPE: Final = "application/problem+json"
NO_DATABASE: Final = "the database did not answer"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into a problem; a bug is not caught here and becomes a 500."""
    request = context["request"]
    errors: list[dict[str, str]] = []
    retryable = False
    facts: dict[str, Any] = {}
    detail = ""
    if isinstance(error, DomainError):
        retryable = error.retryable
        status, code, title, detail = STATUS[error.kind], error.code, error.title, error.detail
        facts = error.facts
    elif (code := _code_of(error)) in OF_FRAMEWORK:
        status, title = OF_FRAMEWORK[code]
        if isinstance(error, exceptions.ValidationError):
            errors = list(_field_errors(error.detail))
        elif isinstance(error, exceptions.APIException):
            detail = str(error.detail)
    else:
        return None
    set_rollback()
    if isinstance(error, DatabaseProblem):
        logger.error(NO_DATABASE, exc_info=error)
    else:
        _say(request, code, detail or ", ".join(f"{e['field']} {e['code']}" for e in errors))
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


def _code_of(error: Exception) -> str:
    """Return the code of what is no refusal of our own; "" if it is a bug."""
    if isinstance(error, exceptions.APIException):
        return f"api.{error.default_code}"
    known: tuple[tuple[type[Exception], str], ...] = (
        (Http404, "api.not_found"),
        (PermissionDenied, "api.permission_denied"),
        (DatabaseProblem, "api.unavailable"),
    )
    return next((code for kind, code in known if isinstance(error, kind)), "")


def _say(request: Any, code: str, detail: str) -> None:
    """Say that a request was refused, by its code; Django says only what is 500 or more.

    Of fields that are wrong the names and codes are said, and never what was in them.
    """
    logger.warning("%s refused: %s: %s", request.path, code, detail)


def _field_errors(detail: Any, path: str = "") -> Any:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _field_errors(inner, _below(path, name))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _field_errors(inner, f"{path}[{position}]" if nested else path)
    else:
        yield {"field": path, "code": detail.code, "detail": str(detail)}


def _below(path: str, name: Any) -> str:
    """Return the path of what an object or list has by this name; "" is the whole body."""
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    if isinstance(name, int):
        # REST framework names the rows of a list by their number.
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else str(name)


def _as_written(fact: Any) -> Any:
    """Return a fact with its time as all answers have it, ending in Z."""
    is_time = isinstance(fact, str) and fact.endswith("+00:00")
    return f"{fact.removesuffix('+00:00')}Z" if is_time else fact


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
        **({"facts": {name: _as_written(fact) for name, fact in facts.items()}} if facts else {}),
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


def _of_framework(request: HttpRequest, code: str) -> JsonResponse:
    status, title = OF_FRAMEWORK[code]
    return _plain(request, status, code, title)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Answer what Django does not even read, such as a body larger than any of ours."""
    if isinstance(exception, RequestDataTooBig):
        _say(request, "api.body_too_large", "")
        return _of_framework(request, "api.body_too_large")
    return _of_framework(request, "api.bad_request")


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001 - by name
    """Answer an unknown path."""
    return _of_framework(request, "api.not_found")


def server_error(request: HttpRequest) -> JsonResponse:
    """Answer after a bug; the log has it under the request id."""
    return _of_framework(request, "api.broken")


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
            return _of_framework(request, "api.unavailable")

    return answered
