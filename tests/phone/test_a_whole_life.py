"""One life on a phone, from sign-up to the last sign-out, over HTTP against all of Krak.

Prices are pinned: 1 BTC is 40,000 EUR, 1 EUR is 1.25 USD and 160 JPY.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from bench import product
from krak.runtime.processes import free_port
from tests.issuer import client_of
from tests.phone.app import App
from tests.phone.disputing import disputes_the_dinner
from tests.phone.entering import is_let_in, joins
from tests.phone.friends import friend, pays_the_taxi, splits_the_bill
from tests.phone.leaving import leaves, takes_money_out
from tests.phone.records import has_the_month_on_paper, keeps_records, reads_what_happened
from tests.phone.spending import buys, eats, has_a_card, is_rewarded, pays_in

ISSUER_PORT = free_port()
PINS = {"BTC": "50000", "EUR": "1.25", "JPY": "0.0078125"}


@pytest.fixture(scope="module")
def krak() -> Iterator[str]:
    """Run all of Krak with servers of its own, and return where."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KRAK_ISSUER_PORT", str(ISSUER_PORT))
        with product.running(own_servers=True) as (url, _door, _seconds):
            App(url=url).done("PUT", "/v1/sandbox/prices", {"bid": PINS})
            yield url


@pytest.fixture(scope="module")
def processor(krak: str) -> Any:
    """Return a client of the card processor, to know cards and play tills with."""
    return client_of(f"http://127.0.0.1:{ISSUER_PORT}").v1


def test_a_whole_life(krak: str, processor: Any) -> None:
    ada = App(url=krak)
    codes = joins(ada)
    is_let_in(ada)
    pays_in(ada)
    buys(ada)
    authorization = eats(ada, processor, has_a_card(ada, processor))
    is_rewarded(ada, authorization)
    friends = [friend(krak, "grace", "EUR"), friend(krak, "alan", "USD")]
    splits_the_bill(ada, friends)
    pays_the_taxi(ada, friends[1])
    takes_money_out(ada, codes)
    disputes_the_dinner(ada)
    reads_what_happened(ada)
    keeps_records(ada, authorization)
    has_the_month_on_paper(ada)
    leaves(ada)
    books_hold(ada)


def books_hold(anybody: App) -> None:
    proof = anybody.done("GET", "/v1/sandbox/proof")
    assert proof["balanced"] is proof["cached_equals_summed"] is proof["hash_chain_intact"] is True
    assert set(proof["currencies"].values()) == {"0"}
