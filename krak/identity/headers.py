"""What a client says of itself in headers."""

from typing import Final

from django.http import HttpRequest

DEVICE_TOKEN: Final = "Device-Token"  # noqa: S105 - a name
STEP_UP: Final = "Step-Up"
OURS: Final = "krak_"
"""How access tokens begin; session tokens do not."""


def session_token(request: HttpRequest) -> str | None:
    """Return the session token of `X-Session-Token`, or of `Authorization: Bearer`."""
    if token := request.headers.get("X-Session-Token"):
        return token
    token = bearer_token(request)
    return token if token and not token.startswith(OURS) else None


def bearer_token(request: HttpRequest) -> str | None:
    """Return what `Authorization: Bearer` carries."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def device_token(request: HttpRequest) -> str:
    """Return what the app kept when it first signed in, "" if it says nothing."""
    return str(request.headers.get(DEVICE_TOKEN, ""))[:100]
