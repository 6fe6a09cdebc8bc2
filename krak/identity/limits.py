"""How often the doors of identity let somebody try, and who is counted as one.

Three rules keep an attacker from locking the owner out. What is guessed about an account is counted
per account and address, so others' guesses are not the owner's. The count over all strangers leaves
out devices that signed in to the account before. And a passkey is not counted against the account.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from krak.api.limits import address_counted
from krak.core.limits.rules import Counted, Limit
from krak.identity import queries
from krak.identity.headers import device_token

MINUTES: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400

GUESSES: Final = Limit(5, 5 * MINUTES)
"""Codes of a second factor by one device or address."""
STRANGERS_GUESSES: Final = Limit(20, HOUR)
"""Codes by all strangers together: 1 in 700 in a day, for somebody who has the password."""
LOGINS: Final = Limit(10, 5 * MINUTES)
STRANGERS_LOGINS: Final = Limit(100, HOUR)
MAILS: Final = Limit(5, HOUR)
STRANGERS_MAILS: Final = Limit(20, DAY)
CODES: Final = Limit(5, 15 * MINUTES)
"""Codes from a mail, per session that waits for one: all at once are no more than one by one."""


def per_address(act: str, request: HttpRequest, *, most: int, seconds: int) -> Counted:
    """Return the count of an act by one address; in the sandbox the whole world is one address."""
    times = 100 if settings.SANDBOX else 1
    return Counted(f"{act}:address", address_counted(request), Limit(most * times, seconds))


def about(
    act: str, request: HttpRequest, *, account: str, known: bool, each: Limit, strangers: Limit
) -> list[Counted]:
    """Return the counts of an act about an account (an e-mail address or a user's id)."""
    if known:
        token = sha256(device_token(request).encode()).hexdigest()
        return [Counted(f"{act}:device", f"{account} {token}", each)]
    return [
        Counted(f"{act}:from", f"{account} {address_counted(request)}", each),
        Counted(f"{act}:strangers", account, strangers),
    ]


def login(request: HttpRequest, email: str) -> list[Counted]:
    """Return what a login with a password is counted under."""
    return [
        per_address("login", request, most=60, seconds=5 * MINUTES),
        *about("login", request, account=email, known=_knows(request, email),
               each=LOGINS, strangers=STRANGERS_LOGINS),
    ]  # fmt: skip


def mail(act: str, request: HttpRequest, email: str) -> list[Counted]:
    """Return what is counted when somebody makes us write a mail to `email`."""
    return [
        per_address(act, request, most=20, seconds=10 * MINUTES),
        *about(act, request, account=email, known=_knows(request, email),
               each=MAILS, strangers=STRANGERS_MAILS),
    ]  # fmt: skip


def second_factor(request: HttpRequest, user_id: str) -> list[Counted]:
    """Return what a guess at a user's second factor is counted under."""
    known = queries.knows(token=device_token(request), user_id=user_id)
    return about("2fa", request, account=user_id, known=known,
                 each=GUESSES, strangers=STRANGERS_GUESSES)  # fmt: skip


def code(act: str, session_token: str) -> Sequence[Counted]:
    """Return what a code from a mail is counted under."""
    return [Counted(act, session_token, CODES)]


def _knows(request: HttpRequest, email: str) -> bool:
    token = device_token(request)
    return bool(token) and queries.knows(token=token, email=email)
