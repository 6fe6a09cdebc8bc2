"""The one way to Valkey for short questions: who asks does not wait long for the answer."""

from functools import cache

from django.conf import settings
from redis import Redis


@cache
def client() -> Redis:
    """Return this process's client, which connects when it is first used."""
    patience = settings.REDIS_TIMEOUT_SECONDS
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=patience, socket_connect_timeout=patience
    )
