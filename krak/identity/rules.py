"""What a user agent says of a device, and what exactly a proof is for. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

_PLATFORMS: Final = (
    ("ipad", "iPadOS"), ("iphone", "iOS"), ("ios", "iOS"), ("darwin", "iOS"),
    ("android", "Android"), ("windows", "Windows"), ("macintosh", "macOS"), ("mac os", "macOS"),
    ("linux", "Linux"),
)  # fmt: skip
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]")
LONGEST_AGENT: Final = 200
LONGEST_NAME: Final = 80


def platform_of(user_agent: str) -> str:
    """Return the operating system that a user agent names."""
    text = user_agent.lower()
    return next((name for sign, name in _PLATFORMS if sign in text), "unknown")


def name_of(user_agent: str) -> str:
    """Return what to call a device in a list: the app and the platform."""
    app = user_agent.partition("/")[0].partition(" ")[0]
    return _UNPRINTABLE.sub("", f"{app or 'Somebody'} on {platform_of(user_agent)}")[:LONGEST_NAME]


def agent(text: str) -> str:
    """Return a user agent as it is kept."""
    return _UNPRINTABLE.sub("", text)[:LONGEST_AGENT]


def subject_digest(subject: Mapping[str, str]) -> bytes:
    """Return the SHA-256 of what exactly is to be done: every name and value counts, no order."""
    text = json.dumps(dict(subject), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).digest()
