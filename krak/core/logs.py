"""Logs: one JSON object a line, with the request and the customer, and nobody's personal data.

What must not be in a log is taken out where it is written, whoever wrote it: addresses of mail,
numbers as long as a card's, and tokens.
"""

import logging
import re
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any, Final

import structlog

HIDDEN: Final = "***"
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CARD_NUMBER: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-])")
_SECRET: Final = re.compile(
    r"\b(?:krak_|whsec_|sk_(?:test|live)_|rk_(?:test|live)_|ya29\.|Bearer )\S+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)


def without_secrets(text: str) -> str:
    """Return `text` with mail addresses, card-like numbers and tokens hidden."""
    for pattern in (_SECRET, _EMAIL, _CARD_NUMBER):
        text = pattern.sub(HIDDEN, text)
    return text


def _hide(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = without_secrets(value)
    return event


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """Tell whether a line of Django's is about more than an answer of 503."""
    return getattr(record, "status_code", None) != HTTPStatus.SERVICE_UNAVAILABLE


def bind(**ids: str) -> None:
    """Add ids (`request`, `customer`, `message`) to what this request or task logs from here on."""
    structlog.contextvars.bind_contextvars(**ids)


def begin(**ids: str) -> None:
    """Forget the ids of the request or task before, and bind those of this one."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**ids)


def configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """Return what Django's `LOGGING` takes: every record of every library goes this way."""
    renderer: Any = structlog.processors.JSONRenderer()
    if not as_json:
        order = ["timestamp", "level", "logger", "event"]
        renderer = structlog.processors.KeyValueRenderer(key_order=order)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    structlog.contextvars.merge_contextvars,
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                ],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _hide,
                    renderer,
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in ("django.server", "httpx", "stripe")},
            # What is refused is said by `krak.api.problems`, with its code; so is a body that is
            # too large. A balancer asks whether a host is ready and needs no line for each answer.
            "django.request": {"level": "ERROR", "filters": [_is_no_refusal]},
            "django.security.RequestDataTooBig": {"level": "CRITICAL"},
        },
    }
