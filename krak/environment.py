"""How a setting is read from the environment, and what it must be."""

import json
import os
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.exceptions import ImproperlyConfigured


def flag(name: str, *, default: bool) -> bool:
    """Return a switch: 1, true, yes and on are on, whatever else is off."""
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    """Return what stands between commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def at_least_one(name: str, default: int) -> int:
    """Return a length of time; what lasts no time would be over before it began.

    Raises:
        ImproperlyConfigured: it is less than 1.
    """
    value = int(os.environ.get(name, str(default)))
    if value < 1:
        raise ImproperlyConfigured(f"{name} must be 1 or more.")
    return value


def secret(name: str, sandbox_default: str, *, sandbox: bool) -> str:
    """Return a secret; only the sandbox may go without its own.

    Raises:
        ImproperlyConfigured: it is not set, and this is no sandbox.
    """
    value = os.environ.get(name, "") or (sandbox_default if sandbox else "")
    if not value:
        raise ImproperlyConfigured(f"{name} must be set outside the sandbox.")
    return value


def is_google_key(text: str) -> bool:
    """Tell whether it is the JSON that Google hands out for a service account of a project."""
    try:
        facts = json.loads(text)
        load_pem_private_key(facts["private_key"].encode(), None)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return all(name in facts for name in ("client_email", "project_id", "token_uri"))


def smtp(url: str) -> dict[str, Any]:
    """Return the mail server of `smtp://user:password@host:port`, or `smtps://` for TLS at once."""
    parts = urlsplit(url)
    options: dict[str, Any] = {"host": parts.hostname, "port": parts.port or 25, "timeout": 10}
    if parts.username:
        options |= {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    secure = "use_ssl" if parts.scheme == "smtps" else "use_tls" if parts.username else ""
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": options | ({secure: True} if secure else {}),
    }
