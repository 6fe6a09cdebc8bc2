"""The cache that allauth notes used codes in: a table, so that no flush makes them good again."""

from typing import Any

from django.core.cache.backends.db import DatabaseCache


class SpentCodes(DatabaseCache):
    """Django's cache in the database, which keeps a used code for as long as it could be used.

    allauth keeps it for one period; with a tolerance of a step to either side it is good for three.
    """

    def add(self, key: Any, value: Any, timeout: Any = None, version: Any = None) -> bool:
        """Note a code as used, unless it was: of two at once one is first."""
        return bool(super().add(key, value, timeout=max(timeout or 0, 120), version=version))
