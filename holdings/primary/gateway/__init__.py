"""Who issues tokenized shares; which issuer, is a setting (`KRAK_SHARE_ISSUER`)."""

from django.conf import settings

from holdings.primary.gateway.base import Issuer
from holdings.primary.gateway.paper import Paper
from krak.core.errors import DomainError, Kind


class IssuerUnavailable(DomainError):
    """This installation has no issuer."""

    code = "primary.issuer_unavailable"
    title = "Shares are neither subscribed nor redeemed here."
    kind = Kind.REFUSED


def is_open() -> bool:
    """Tell whether there is an issuer that takes new orders."""
    return bool(settings.SHARE_ISSUER != "none")


def require_issuer() -> str:
    """Return the name of the issuer that new orders go to.

    Raises:
        IssuerUnavailable: there is none.
    """
    if not is_open():
        raise IssuerUnavailable
    return str(settings.SHARE_ISSUER)


def issuer_named(name: str) -> Issuer:
    """Return an issuer, also one that a change of settings has replaced.

    Raises:
        LookupError: there is none of that name.
    """
    if name == Paper.name:
        return Paper()
    raise LookupError(f"no issuer is called {name}")
