"""Where prices come from. `settings.PRICE_PROVIDERS` names providers, the preferred one first."""

from collections.abc import Sequence
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from fx.prices.providers.base import Catalogue, Provider, Runner
from fx.prices.providers.ecb import EuropeanCentralBank
from fx.prices.providers.jupiter import Jupiter
from fx.prices.providers.kraken_rest import KrakenRest
from fx.prices.providers.kraken_stream import KrakenStream
from fx.prices.providers.open_exchange_rates import OpenExchangeRates
from fx.prices.providers.simulated import Simulated

PROVIDERS: Final[dict[str, type[Provider]]] = {
    each.name: each
    for each in (
        KrakenStream,
        KrakenRest,
        Jupiter,
        EuropeanCentralBank,
        OpenExchangeRates,
        Simulated,
    )
}


def runners(names: Sequence[str], listing: Catalogue) -> list[Runner]:
    """Return what runs the named providers, not started yet.

    Raises:
        ImproperlyConfigured: there is no provider of one of the names.
    """
    if unknown := [name for name in names if name not in PROVIDERS]:
        raise ImproperlyConfigured(
            f"KRAK_PRICE_PROVIDERS: {', '.join(unknown)}; there are {', '.join(PROVIDERS)}."
        )
    return [Runner(PROVIDERS[name](listing), priority=number) for number, name in enumerate(names)]
