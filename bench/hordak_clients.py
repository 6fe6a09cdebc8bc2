"""Transfers of two legs by so many clients at once, through the Python of a ledger of Django's.

`python -m bench.hordak_clients krak|hordak|hordak_guarded` prints transfers per second. For the
latter two it runs in a venv that has django-hordak and none of Krak's packages, with `--prepare`
first; see `bench/hordak.py`.
"""

import argparse
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib import import_module
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.transaction import atomic

ACCOUNTS = 400
WARM = 20
"""Transfers of each client before the clock runs."""


def main() -> None:
    """Prepare the accounts, or transfer and print the rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger", choices=sorted(_LEDGERS))
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=6)
    asked = parser.parse_args()
    if asked.ledger == "krak":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    else:
        _configure()
    django.setup()
    if asked.prepare:
        _prepare_hordak()
    else:
        print(_per_second(_LEDGERS[asked.ledger], clients=asked.clients, seconds=asked.seconds))


def _per_second(
    transfers: Callable[[], Callable[[], object]], *, clients: int, seconds: float
) -> float:
    fork = multiprocessing.get_context("fork")
    together, done = fork.Barrier(clients), fork.Queue()

    def client(number: int) -> None:
        random.seed(number)
        transfer = transfers()
        for _ in range(WARM):
            transfer()
        together.wait()
        began, count = time.monotonic(), 0
        while time.monotonic() < began + seconds:
            transfer()
            count += 1
        done.put(count / (time.monotonic() - began))

    connections.close_all()
    processes = [fork.Process(target=client, args=(number,)) for number in range(clients)]
    for process in processes:
        process.start()
    rates: list[float] = [done.get(timeout=seconds + 60) for _ in processes]
    for process in processes:
        process.join()
    return sum(rates)


def _of_krak() -> Callable[[], object]:
    ledger, rules = (
        import_module("holdings.ledger.services"),
        import_module("holdings.ledger.rules"),
    )
    clock, ids = import_module("krak.core.clock"), import_module("krak.core.ids")
    transaction = import_module("krak.core.transactions").transaction
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT customer, btc FROM bench_customer")
        accounts: Sequence[Any] = cursor.fetchall()

    def transfer() -> None:
        customer, account = random.choice(accounts)
        amount, now, entry_id = Decimal("0.0004"), clock.now(), ids.uuid7()
        legs = (
            rules.Leg(rules.DEBIT, "BTC", amount, account=account),
            rules.Leg(rules.CREDIT, "BTC", amount, house="IN_TRANSIT"),
        )
        with transaction():
            ledger.post(
                rules.Entry(
                    id=entry_id, customer_id=customer, cause=f"bench:{entry_id}", kind="BENCH",
                    event_at=now, created_at=now, details={}, legs=legs,
                )
            )  # fmt: skip

    return transfer


def _of_hordak() -> Callable[[], object]:
    house, accounts, amount = _hordak_accounts()
    return lambda: house.transfer_to(random.choice(accounts), amount)


def _of_hordak_guarded() -> Callable[[], object]:
    house, accounts, amount = _hordak_accounts()
    model = type(house)

    def transfer() -> None:
        with atomic():
            account = model.objects.select_for_update().get(pk=random.choice(accounts).pk)
            if account.get_balance()["USD"] < amount:
                raise RuntimeError("nothing is left")
            house.transfer_to(account, amount)

    return transfer


def _hordak_accounts() -> tuple[Any, Sequence[Any], Any]:
    model = import_module("hordak.models").Account
    house = model.objects.get(name="house")
    amount = import_module("moneyed").Money("0.04", "USD")
    return house, list(model.objects.exclude(name="house")), amount


_LEDGERS: dict[str, Callable[[], Callable[[], object]]] = {
    "krak": _of_krak,
    "hordak": _of_hordak,
    "hordak_guarded": _of_hordak_guarded,
}


def _prepare_hordak() -> None:
    call_command("migrate", verbosity=0)
    model = import_module("hordak.models").Account
    house = model.objects.create(name="house", type="LI", currencies=["USD"], code=None)
    plenty = import_module("moneyed").Money(10**6, "USD")
    for number in range(ACCOUNTS):
        account = model.objects.create(
            name=f"customer {number}", type="LI", currencies=["USD"], code=None
        )
        account.transfer_to(house, plenty)


def _configure() -> None:
    """Set up the smallest project that has django-hordak."""
    database = import_module("dj_database_url").parse(
        os.environ["HORDAK_DATABASE_URL"], conn_max_age=None
    )
    settings.configure(
        DATABASES={"default": database},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DEFAULT_CURRENCY="USD",
        CURRENCIES=["USD"],
        INSTALLED_APPS=["django.contrib.contenttypes", "mptt", "djmoney", "hordak"],
        SECRET_KEY="of a bench",  # noqa: S106 - signs nothing
        USE_TZ=True,
    )


if __name__ == "__main__":
    main()
