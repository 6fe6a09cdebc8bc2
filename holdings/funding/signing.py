"""How banks and custodians sign what they tell: HMAC-SHA256 of `t.body`, as `t=…,v1=…`."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from krak.stripe.events import FURTHEST_AHEAD, OLDEST, BadSignature

HEADER: Final = "Krak-Signature"
_FORM: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})", re.ASCII)


def signature(body: bytes, *, secret: str, at: datetime) -> str:
    """Return the header that goes with a body."""
    moment = int(at.timestamp())
    return f"t={moment},v1={_digest(body, secret, moment)}"


def require_signed(body: bytes, *, given: str, secrets: Sequence[str], now: datetime) -> None:
    """Refuse a body that was not signed now with one of the secrets; without any, all of them.

    Raises:
        BadSignature: none fits, or it is over 300 s old or 60 s ahead.
    """
    found = _FORM.fullmatch(given)
    if found is None:
        raise BadSignature
    moment = int(found[1])
    age = now.timestamp() - moment
    if age > OLDEST.total_seconds() or -age > FURTHEST_AHEAD.total_seconds():
        raise BadSignature("The signature is not from now.")
    if not any(hmac.compare_digest(_digest(body, one, moment), found[2]) for one in secrets):
        raise BadSignature


def _digest(body: bytes, secret: str, moment: int) -> str:
    signed = str(moment).encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
