"""The short way in for webhooks: to their view at once, past middleware that they have no use for.

A webhook has no session, no user, no page to protect and no static files; what it needs, a
signature, its view checks. The way through all of it costs more than the decision on a tap.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.urls import ResolverMatch

from krak.api.middleware import RequestContext

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Express:
    """A WSGI application that answers `doors`, paths as they were resolved, past Django's handler.

    All else it leaves to Django.
    """

    def __init__(self, django: WSGI, doors: Mapping[str, ResolverMatch]) -> None:
        self.django = django
        self.doors = {
            path: (match, convert_exception_to_response(RequestContext(match.func)))
            for path, match in doors.items()
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        found = self.doors.get(environ.get("PATH_INFO", ""))
        if found is None:
            return self.django(environ, start_response)
        # What Django's signals around a request are for here: a connection that broke is let go.
        connection.close_if_unusable_or_obsolete()
        request = WSGIRequest(environ)
        request.resolver_match, door = found
        response = cast(HttpResponse, door(request))
        headers = [(name, str(value)) for name, value in response.items()]
        headers.append(("Content-Length", str(len(response.content))))
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]
