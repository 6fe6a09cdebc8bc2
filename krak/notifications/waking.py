"""Wake whoever streams to a customer: a hint, for truth is in the inbox and streams look anyway."""

import logging
from collections.abc import Iterable
from typing import Final
from uuid import UUID

import redis

from krak.core import valkey

logger = logging.getLogger(__name__)

CHANNEL: Final = "krak:live"


def wake(customer_ids: Iterable[UUID]) -> None:
    """Say that customers were told something; nobody may hear it."""
    try:
        with valkey.client().pipeline(transaction=False) as pipeline:
            for customer_id in customer_ids:
                pipeline.publish(CHANNEL, str(customer_id))
            pipeline.execute()
    except redis.RedisError as error:
        logger.warning("live: nobody was woken: %s", error)
