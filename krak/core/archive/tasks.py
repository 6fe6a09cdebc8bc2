"""The worker's door to the archive."""

from datetime import datetime
from typing import Any

from krak.core.archive import services
from krak.core.outbox.registry import calls_out


@calls_out("archive.drop_unless_named")
def drop_unless_named(*, payload: dict[str, Any], now: datetime) -> None:  # noqa: ARG001 - of all handlers
    """Delete the file of a run that died, or of an archive that has another now, or is gone."""
    services.drop_unless_named(payload["name"])
