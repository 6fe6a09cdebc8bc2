"""How allauth finds the session of a token: as our own API does, and no further."""

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from krak.identity import headers, queries


class DeviceTokens(SessionTokenStrategy):  # type: ignore[misc]
    """Opaque session tokens; one that signed in is good while its device is."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        """Return the token, from either header."""
        return headers.session_token(request)

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """Return the session, unless it is over or its device ended."""
        found = queries.session(session_token)
        if found is not None and SESSION_KEY in found and queries.device_of(found) is None:
            return None
        return found
