"""`python -m bench.hordak`: transfers of two legs per second, beside django-hordak's.

django-hordak is the usual double-entry ledger for Django. It gets a venv of its own in
`.krak/hordak` and a database of its own on the same Postgres; nothing of Krak's depends on it.
Both do what `bench/postings.py` calls two legs: from one of 400 accounts, by random, to an account
of the house, committed, by 8 clients. Rounds alternate, because a shared machine drifts.

    krak               `ledger_post`, by pgbench, as in `bench/postings.py`
    krak_from_python   `ledger.post` in a transaction, called by 8 processes of Python
    hordak             `Account.transfer_to`, called by 8 processes of Python
    hordak_guarded     the same with the account locked and its balance asked first, as somebody
                       has to who may not be overdrawn

django-hordak keeps no balance, so `hordak` does less than Krak, which refuses an overdraft, a cause
that comes twice and any change, and chains each entry to the one before. `ratio` is `krak` to
`hordak_guarded`, `ratio_to_unguarded` to `hordak`, `ratio_from_python` both from Python, guarded.
Prints JSON.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import django
from django.core.management import call_command

from bench import pgbench, postings

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".krak/hordak"
CLIENTS = ("-m", "bench.hordak_clients")
PACKAGES = ("django-hordak==2.0.0", "django==5.2.*", "psycopg[binary]", "dj-database-url")
MEASURED = ("krak", "krak_from_python", "hordak", "hordak_guarded")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.hordak", description=__doc__)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    found = measure(seconds=asked.seconds, rounds=asked.rounds, clients=asked.clients)
    print(json.dumps(found, indent=2))


def measure(*, seconds: int, rounds: int, clients: int = 8) -> dict[str, object]:
    """Return transfers per second of both, medians of the rounds, with their spread."""
    python, url = _venv(), pgbench.empty_database("krak_hordak")
    environment = {**os.environ, "HORDAK_DATABASE_URL": url}
    _run([python, *CLIENTS, "hordak", "--prepare"], environment)
    postings.make_customers()
    words = ["--clients", str(clients), "--seconds", str(seconds)]
    rates: dict[str, list[float]] = {name: [] for name in MEASURED}
    for _ in range(rounds):
        rates["krak"].append(postings.two_legs_per_second(clients=clients, seconds=seconds))
        for name, program, ledger in (
            ("krak_from_python", Path(sys.executable), "krak"),
            ("hordak", python, "hordak"),
            ("hordak_guarded", python, "hordak_guarded"),
        ):
            rates[name].append(float(_run([program, *CLIENTS, ledger, *words], environment)))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return {
        **{name: round(median) for name, median in medians.items()},
        "ratio": pgbench.ratio(rates["krak"], rates["hordak_guarded"]),
        "ratio_to_unguarded": pgbench.ratio(rates["krak"], rates["hordak"]),
        "ratio_from_python": pgbench.ratio(rates["krak_from_python"], rates["hordak_guarded"]),
        "spread": {name: [round(min(found)), round(max(found))] for name, found in rates.items()},
        "rounds": rounds,
        "clients": clients,
    }


def _venv() -> Path:
    """Return the Python that has django-hordak; its venv is made once."""
    python, stamp = FOLDER / "bin/python", FOLDER / "packages"
    if not stamp.exists() or stamp.read_text() != " ".join(PACKAGES):
        venv.create(FOLDER, clear=True, with_pip=True)
        _run([python, "-m", "pip", "install", "--quiet", *PACKAGES], dict(os.environ))
        stamp.write_text(" ".join(PACKAGES))
    return python


def _run(command: Sequence[str | Path], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout


if __name__ == "__main__":
    main()
