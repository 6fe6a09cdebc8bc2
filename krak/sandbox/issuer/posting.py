"""Posts signed events to Krak's webhook doors, and reads what the synchronous one decides."""

import http.client
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from krak.sandbox.issuer import shapes
from krak.sandbox.issuer.store import Document

TIMEOUT: Final = "webhook_timeout"
ERROR: Final = "webhook_error"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said; header names in lower case."""

    status: int
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a request: `amount` is None unless a part was approved."""

    approved: bool
    reason: str
    amount: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)


class Post:
    """One connection to an endpoint, opened again when it breaks."""

    def __init__(self, url: str, *, timeout: float) -> None:
        parts = urlsplit(url)
        self.url = url
        self._path = parts.path or "/"
        self._used = False
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=timeout
        )

    def signed(self, event: Document, *, secret: str) -> Answer:
        """Post an event, signed now, and return the answer.

        Raises:
            OSError, http.client.HTTPException: nobody answered.
        """
        told = {name: value for name, value in event.items() if not name.startswith("_")}
        text, signature = shapes.signed(told, secret=secret, now=datetime.now(tz=UTC))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            return self._send(text, headers)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            # The other side may close a connection that rested; that is no failure of its own.
            if not self._used:
                raise
            self._used = False
            return self._send(text, headers)

    def _send(self, text: str, headers: dict[str, str]) -> Answer:
        try:
            self._connection.request("POST", self._path, text.encode(), headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except BaseException:
            self._connection.close()
            raise
        self._used = True
        return Answer(
            answer.status, body, {name.lower(): value for name, value in answer.getheaders()}
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def ask(event: Document, *, url: str, secret: str, timeout: float, unanswered: str) -> Decision:
    """Ask the synchronous endpoint and return what is decided; `unanswered` decides for silence."""
    post = Post(url, timeout=timeout)
    try:
        answer = post.signed(event, secret=secret)
    except TimeoutError:
        return Decision(approved=unanswered == "approve", reason=TIMEOUT)
    except (OSError, http.client.HTTPException):
        return Decision(approved=unanswered == "approve", reason=ERROR)
    finally:
        post.close()
    pending = event["data"]["object"]["pending_request"]
    return _read(answer, pending) or Decision(approved=unanswered == "approve", reason=ERROR)


def _read(answer: Answer, pending: Document) -> Decision | None:
    """Return the decision in an answer, or None where Stripe would not find one."""
    if (
        answer.status != HTTPStatus.OK
        or "stripe-version" not in answer.headers
        or not answer.headers.get("content-type", "").startswith("application/json")
    ):
        return None
    try:
        said: Any = json.loads(answer.body)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("approved"), bool):
        return None
    approved, amount, metadata = said["approved"], said.get("amount"), said.get("metadata") or {}
    if not isinstance(metadata, dict) or any(not isinstance(m, str) for m in metadata.values()):
        return None
    if amount is not None and not (approved and _is_part(amount, pending)):
        return None
    reason = "webhook_approved" if approved else "webhook_declined"
    return Decision(approved=approved, reason=reason, amount=amount, metadata=metadata)


def _is_part(amount: object, pending: Document) -> bool:
    """Tell whether the network would take an approval of this amount."""
    return (
        isinstance(amount, int)
        and not isinstance(amount, bool)
        and pending["is_amount_controllable"]
        and 0 < amount <= pending["amount"]
    )
