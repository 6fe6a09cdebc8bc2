"""Text that only this Krak can read: secrets that rest in the database."""

import base64
import hashlib
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_PURPOSE: Final = b"krak sealing 1"


class NotOurs(ValueError):
    """The text was not sealed with a key that we have."""


def seal(text: str) -> str:
    """Return `text` encrypted and signed with the newest key."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed with any of our keys.

    Raises:
        NotOurs: it was not, or was changed since.
    """
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise NotOurs from None


def _box() -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in settings.SEALING_KEYS])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(_PURPOSE + secret.encode()).digest())
