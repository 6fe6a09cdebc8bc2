"""One GET to a vendor, bounded in time and size."""

import time
from collections.abc import Mapping
from typing import Final

import httpx

from fx.prices.providers.base import VendorProblem

TIMEOUT_SECONDS: Final = 5.0
"""To connect, and between two pieces of an answer."""
DEADLINE_SECONDS: Final = 15.0
"""For the whole answer, so that one that drips ends too."""
MOST_BYTES: Final = 8 * 2**20


def client(**headers: str) -> httpx.Client:
    """Return what keeps connections to a vendor and says these headers; for one thread."""
    return httpx.Client(timeout=TIMEOUT_SECONDS, headers={"User-Agent": "krak", **headers})


def get(client: httpx.Client, url: str, params: Mapping[str, str] | None = None) -> bytes:
    """Return the body of a successful answer.

    Raises:
        VendorProblem: there was none in time. It never says the address, which may hold a secret.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    body = bytearray()
    try:
        with client.stream("GET", url, params=params) as response:
            if response.status_code != httpx.codes.OK:
                raise VendorProblem(f"HTTP {response.status_code}")
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise VendorProblem(f"an answer of more than {MOST_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise VendorProblem(f"no whole answer in {DEADLINE_SECONDS:.0f} s")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise VendorProblem(type(problem).__name__) from None
    return bytes(body)
