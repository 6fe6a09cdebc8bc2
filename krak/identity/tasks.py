"""The worker's door: mail goes out."""

from datetime import datetime
from typing import Any

from krak.core.outbox.registry import calls_out
from krak.identity import mails


@calls_out(mails.TOPIC)
def send_mail(*, payload: dict[str, Any], now: datetime) -> None:  # noqa: ARG001 - by name
    """Send one mail."""
    mails.send(payload)
