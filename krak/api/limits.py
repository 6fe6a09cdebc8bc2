"""Who is asking as far as limits are concerned, and how often a door lets them."""

import ipaddress
from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from krak.core.limits import services
from krak.core.limits.rules import Counted, Limit

IPV6_PREFIX: Final = 64
"""One household or server has at least so many addresses of the newer kind."""
FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


def drop_forged(meta: dict[str, Any]) -> None:
    """Remove what only a proxy of ours may say, unless one of them says it."""
    said = [name for name in FORWARDED if name in meta]
    if said and not _is_trusted(meta.get("REMOTE_ADDR", "")):
        for name in said:
            del meta[name]


def client_address(request: HttpRequest | Request) -> str:
    """Return the address that the request came from, as our own proxies saw it.

    From the right of `X-Forwarded-For`, the first address that is none of `TRUSTED_PROXIES`:
    what stands left of it was written by whoever asked.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    for text in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not _is_trusted(address) or not _parsed(text):
            break
        address = str(_parsed(text))
    return address


def address_counted(request: HttpRequest | Request) -> str:
    """Return what is counted as one client: an address, or a network of 64 bits."""
    parsed = _parsed(client_address(request))
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
    return str(parsed or "")


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _is_trusted(text: str) -> bool:
    address = _parsed(text)
    return address is not None and any(address in proxy for proxy in settings.TRUSTED_PROXIES)


class Throttle(BaseThrottle):
    """Lets a view be asked so often by one customer, or by one address where nobody signed in.

    A view names it in `throttle_classes = [throttle("transfers", Limit(30, 60))]`; refusals are
    `limits.too_often` with the seconds to wait.
    """

    act = ""
    limits: Sequence[Limit] = ()

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request if it changes something, or refuse it."""
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            customer = getattr(request.auth, "id", None)
            by = str(customer) if customer else address_counted(request)
            services.take([Counted(f"{self.act}:{n.seconds}", by, n) for n in self.limits])
        return True


def throttle(act: str, *limits: Limit) -> type[Throttle]:
    """Return a throttle for `throttle_classes`; what is counted under `act` is counted together."""
    return type("ThrottleOf", (Throttle,), {"act": act, "limits": limits})


MONEY: Final = throttle("money", Limit(30, 60), Limit(600, 86_400))
"""For doors that move money: far above what a person does, far below what a script tries."""
