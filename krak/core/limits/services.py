"""Count how often somebody does something, exactly, and refuse what is too often.

Each count is a list of the moments of the last `seconds` in Valkey, looked at and added to by one
script, so that of eighty requests at once as many pass as may. While Valkey is away the same is
done by one function in Postgres; what was counted before is then forgotten, so that at the moment
of the change at most twice as much passes. Nothing here is truth: what must hold for good is a
constraint.
"""

import logging
import math
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from redis import RedisError

from krak.core import valkey
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.limits.models import Hit
from krak.core.limits.rules import Counted

logger = logging.getLogger(__name__)

LONGEST: Final = timedelta(days=1)
"""No limit looks back further."""
AWAY_SECONDS: Final = 5.0
"""After Valkey did not answer it is not asked for so long: each question would cost a timeout."""

# Counts under all keys or under none. Returns the microseconds to wait, 0 when it was counted.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for n, key in ipairs(KEYS) do
  local most, span = tonumber(ARGV[2 * n]), tonumber(ARGV[2 * n + 1]) * 1000000
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - span))
  if redis.call('ZCARD', key) >= most then
    local oldest = redis.call('ZRANGE', key, -most, -most, 'WITHSCORES')
    return string.format('%.0f', math.max(1, oldest[2] + span - now))
  end
end
for n, key in ipairs(KEYS) do
  redis.call('ZADD', key, string.format('%.0f', now), ARGV[1])
  redis.call('EXPIRE', key, ARGV[2 * n + 1])
end
return '0'
"""


class TooOften(DomainError):
    """This was asked for too often; `facts.retry_after` says in how many seconds it may be."""

    code = "limits.too_often"
    title = "Too often; try again later."
    kind = Kind.TOO_MANY


def take(counted: Sequence[Counted]) -> None:
    """Count one more time under each of these, or refuse and count under none.

    Call it outside transactions: a refusal of something later must not undo the count.

    Raises:
        TooOften: one of them has happened as often as it may.
    """
    if not counted:
        return
    seconds = _switch.take(counted)
    if seconds > 0:
        raise TooOften(retry_after=math.ceil(seconds))


def forget(counted: Sequence[Counted]) -> None:
    """Start these counts anew, as after a success that shows that it was the owner."""
    keys = [each.key for each in counted]
    if not keys:
        return
    if _switch.is_there():
        try:
            valkey.client().delete(*keys)
        except RedisError:
            _switch.lose()
    Hit.objects.filter(key__in=keys).delete()


def purge(*, now: datetime) -> int:
    """Drop what no limit looks back to; return how many."""
    gone, _by_model = Hit.objects.filter(at__lt=now - LONGEST).delete()
    return gone


class _Switch:
    """Valkey while it answers, Postgres while it does not."""

    def __init__(self) -> None:
        self._away_until = 0.0

    def is_there(self) -> bool:
        return time.monotonic() >= self._away_until

    def lose(self) -> None:
        self._away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("limits: Valkey does not answer; Postgres counts for %s s", AWAY_SECONDS)

    def take(self, counted: Sequence[Counted]) -> float:
        if self.is_there():
            try:
                return _take_in_valkey(counted)
            except RedisError:
                self.lose()
        return _take_in_postgres(counted)


_switch: Final = _Switch()


def _take_in_valkey(counted: Sequence[Counted]) -> float:
    spans: list[int] = []
    for each in counted:
        spans += [each.limit.most, each.limit.seconds]
    unique = uuid7().hex
    script = valkey.client().register_script(_TAKE)
    return int(script(keys=[each.key for each in counted], args=[unique, *spans])) / 1_000_000


def _take_in_postgres(counted: Sequence[Counted]) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT limits_take(%s::text[], %s::int[], %s::int[])",
            [
                [each.key for each in counted],
                [each.limit.most for each in counted],
                [each.limit.seconds for each in counted],
            ],
        )
        (seconds,) = cursor.fetchone()
        return float(seconds)
