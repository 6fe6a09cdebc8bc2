"""Sessions in their table, found by a query that is written once: every request brings one."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from krak.core.compiled import compiled


class SessionStore(db.SessionStore):
    """Django's, but for how it looks a session up."""

    def load(self) -> dict[str, Any]:
        """Return what is kept in the session; one that is missing or over loses its key."""
        found = _sessions.first(self.session_key or "", timezone.now())
        if found is None:
            self._session_key = None
            return {}
        kept: dict[str, Any] = self.decode(found.session_data)
        return kept


@compiled
def _sessions(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)
