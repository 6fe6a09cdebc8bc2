"""The short way in for webhooks: to their view at once, past middleware that they have no use for.

A webhook has no session, no user, no page to protect and no static files; what it needs, a
signature, its view checks. The way through all of it costs more than the decision on a tap.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse

from krak.api.middleware import RequestContext

View = Callable[[HttpRequest], HttpResponse]
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Express:
    """A WSGI application that answers `doors` itself and leaves all else to Django.

    The same views are in `urls.py`, where they are looked for and where the test client finds them.
    """

    def __init__(self, django: WSGI, doors: Mapping[str, View]) -> None:
        self.django = django
        self.doors = {
            path: convert_exception_to_response(RequestContext(view))
            for path, view in doors.items()
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        door = self.doors.get(environ.get("PATH_INFO", ""))
        if door is None:
            return self.django(environ, start_response)
        # What Django's signals around a request are for here: a connection that broke is let go.
        connection.close_if_unusable_or_obsolete()
        response = cast(HttpResponse, door(WSGIRequest(environ)))
        headers = [(name, str(value)) for name, value in response.items()]
        headers.append(("Content-Length", str(len(response.content))))
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]
