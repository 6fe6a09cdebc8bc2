"""The short way in: the same answers as by Django's own, and nothing of the middleware's."""

import io
import json
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import ResolverMatch
from prometheus_client import REGISTRY

from krak.api.express import Express
from krak.wsgi import application

DOOR = "/webhooks/stripe/authorizations"


def ask(app: Any, path: str, *, method: str = "POST", body: bytes = b"{}") -> tuple[str, dict, Any]:
    """Return status, headers and the JSON of an answer to a WSGI application."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_HOST": "127.0.0.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    found: dict[str, Any] = {}
    parts = app(environ, lambda status, headers: found.update(status=status, headers=headers))
    return found["status"], dict(found["headers"]), b"".join(parts)


def door(view: Any) -> ResolverMatch:
    """Return what resolving a path to a view gives."""
    return ResolverMatch(view, (), {}, route="x")


@pytest.mark.django_db
def test_a_webhook_without_a_signature_is_a_problem_with_a_request_id() -> None:
    status, headers, body = ask(application, DOOR)

    problem = json.loads(body)
    assert status == "400 Bad Request"
    assert problem["code"] == "webhooks.bad_signature"
    assert headers["Request-Id"] == problem["request_id"]
    assert headers["Content-Length"] == str(len(body))
    assert "Content-Security-Policy" not in headers


@pytest.mark.django_db
def test_another_verb_is_refused() -> None:
    assert ask(application, DOOR, method="GET")[0] == "405 Method Not Allowed"


@pytest.mark.django_db
def test_all_other_paths_go_through_django() -> None:
    status, headers, _body = ask(application, "/healthz/live", method="GET")

    assert status == "200 OK"
    assert "X-Content-Type-Options" in headers


@pytest.mark.django_db
def test_a_bug_in_a_door_is_a_plain_500(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    status, _headers, body = ask(Express(application, {"/x": door(broken)}), "/x")

    assert status == "500 Internal Server Error"
    assert json.loads(body)["code"] == "api.broken"


@pytest.mark.django_db
def test_a_door_is_its_whole_path_and_no_more() -> None:
    doors = Express(application, {"/x": door(lambda request: JsonResponse({"here": True}))})

    assert ask(doors, "/x")[0] == "200 OK"
    assert ask(doors, "/x/")[0] == "404 Not Found"


@pytest.mark.django_db
def test_a_door_is_counted_by_its_route() -> None:
    labels = {"method": "POST", "route": DOOR.removeprefix("/"), "status": "4xx"}
    before = REGISTRY.get_sample_value("krak_request_seconds_count", labels) or 0

    ask(application, DOOR)

    assert REGISTRY.get_sample_value("krak_request_seconds_count", labels) == before + 1
