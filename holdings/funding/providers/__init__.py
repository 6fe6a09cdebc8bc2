"""Who moves money for us on a rail; which provider, is a setting of each."""

from django.conf import settings

from holdings.funding.providers.base import Provider
from holdings.funding.providers.paper import Paper
from holdings.funding.rules.networks import BANK
from krak.core.errors import DomainError, Kind


class RailUnavailable(DomainError):
    """This installation has no provider for the rail."""

    code = "funding.rail_unavailable"
    title = "Money cannot be moved this way here."
    kind = Kind.REFUSED


def provider_name(rail: str) -> str:
    """Return which provider new business of a rail goes to."""
    return str(settings.BANK_PROVIDER if rail == BANK else settings.CHAIN_PROVIDER)


def require_rail(rail: str) -> str:
    """Return the rail's provider by its name.

    Raises:
        RailUnavailable: there is none.
    """
    name = provider_name(rail)
    if name == "none":
        raise RailUnavailable(rail=rail)
    return name


def provider_named(name: str) -> Provider:
    """Return a provider, also one that a change of settings has replaced.

    Raises:
        LookupError: there is none of that name.
    """
    if name == Paper.name:
        return Paper()
    raise LookupError(f"no provider is called {name}")
