"""Wake whoever streams to a customer: a hint, for truth is in the inbox and streams look anyway."""

import logging
from functools import cache
from typing import Final
from uuid import UUID

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

CHANNEL: Final = "krak:live"


def wake(customer_id: UUID) -> None:
    """Say that a customer was told something; nobody may hear it."""
    try:
        _valkey().publish(CHANNEL, str(customer_id))
    except redis.RedisError as error:
        logger.warning("live: nobody was woken: %s", error)


@cache
def _valkey() -> redis.Redis:
    patience = settings.REDIS_TIMEOUT_SECONDS
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=patience, socket_connect_timeout=patience
    )
