"""Settings are documented, and refuse what must not be."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notifications.fcm_fake import key_of_account

ROOT = Path(__file__).parents[2]


def test_every_variable_that_settings_read_is_documented_and_no_other() -> None:
    code = (ROOT / "krak/settings.py").read_text()
    read = set(re.findall(r'"((?:KRAK|KRAKEN|STRIPE)_[A-Z_]+|DATABASE_URL|REDIS_URL)"', code))
    read |= set(re.findall(r"environ\.get\('(KRAK_[A-Z_]+)'", code))
    documented = set(
        re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    )

    assert documented == read | {"PORT", "KRAK_CARDS_PORT", "KRAK_ISSUER_PORT", "KRAK_LIVE_PORT"}


def _check(**environment: str) -> subprocess.CompletedProcess[str]:
    # What stands before the database stays there.
    clean = {
        name: value
        for name, value in os.environ.items()
        if name == "KRAK_PGBOUNCER" or not name.startswith(("KRAK_", "KRAKEN_", "STRIPE_"))
    }
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


PRODUCTION = {
    "KRAK_SANDBOX": "0",
    "KRAK_SECRET_KEY": "k2j3h4k23jh4k23jh4kj23h4kjh23k4jh23kj4h23kjh4k23jh4kj23h4x",
    "STRIPE_API_KEY": "sk_live_x",
    "STRIPE_AUTHORIZATION_SECRET": "whsec_a",
    "STRIPE_EVENTS_SECRET": "whsec_b",
    "KRAK_ALLOWED_HOSTS": "api.krak.example",
}


def test_production_passes_djangos_deployment_check() -> None:
    done = _check(**PRODUCTION)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "missing", ["KRAK_SECRET_KEY", "STRIPE_AUTHORIZATION_SECRET", "STRIPE_EVENTS_SECRET"]
)
def test_production_refuses_to_start_without_a_secret(missing: str) -> None:
    done = _check(**{name: value for name, value in PRODUCTION.items() if name != missing})

    assert done.returncode != 0
    assert f"{missing} must be set outside the sandbox" in done.stderr


def test_the_sandbox_refuses_a_live_key() -> None:
    done = _check(KRAK_SANDBOX="1", STRIPE_API_KEY="sk_live_x")

    assert done.returncode != 0
    assert "refuses to load with a live Stripe key" in done.stderr


@pytest.mark.parametrize(
    ("environment", "refusal"),
    [
        ({"KRAK_SANDBOX": "1", "KRAK_EXECUTION": "kraken"}, "sends no orders to Kraken"),
        (PRODUCTION | {"KRAK_EXECUTION": "paper"}, "for the sandbox only"),
        (PRODUCTION | {"KRAK_EXECUTION": "kraken"}, "needs KRAKEN_API_KEY and KRAKEN_API_SECRET"),
        (PRODUCTION | {"KRAK_SHARE_ISSUER": "paper"}, "mints no shares"),
        (PRODUCTION | {"KRAK_SHARE_ISSUER": "acme"}, "KRAK_SHARE_ISSUER is paper or none"),
        (PRODUCTION | {"KRAK_EXECUTION": "elsewhere"}, "is kraken, paper or none"),
    ],
)
def test_orders_go_where_they_mean_what_they_say(environment: dict[str, str], refusal: str) -> None:
    done = _check(**environment)

    assert done.returncode != 0
    assert refusal in done.stderr


@pytest.mark.parametrize(
    ("environment", "refusal"),
    [
        ({"KRAK_PUSH_BACKEND": "sandbox"}, "reach no phone: not outside the sandbox"),
        ({"KRAK_PUSH_BACKEND": "carrier_pigeon"}, "is fcm, sandbox or none"),
        ({"KRAK_PUSH_BACKEND": "fcm"}, "needs KRAK_FCM_KEY"),
        ({"KRAK_PUSH_BACKEND": "fcm", "KRAK_FCM_KEY": '["secret-1"]'}, "needs KRAK_FCM_KEY"),
        ({"KRAK_PUSH_BACKEND": "fcm", "KRAK_FCM_KEY": '{"private_key": "secret-1"}'},
         "needs KRAK_FCM_KEY"),
    ],
)  # fmt: skip
def test_pushes_go_to_phones_or_nowhere(environment: dict[str, str], refusal: str) -> None:
    done = _check(**PRODUCTION | environment)

    assert done.returncode != 0
    assert refusal in done.stderr
    assert "secret-1" not in done.stderr


def test_production_pushes_with_a_key_of_googles() -> None:
    key = key_of_account("https://oauth2.googleapis.com")

    done = _check(**PRODUCTION | {"KRAK_PUSH_BACKEND": "fcm", "KRAK_FCM_KEY": key})

    assert done.returncode == 0, done.stderr


def test_a_live_key_is_sent_nowhere_but_to_stripe() -> None:
    done = _check(**PRODUCTION, STRIPE_API_BASE="http://127.0.0.1:8100")

    assert done.returncode != 0
    assert "A live Stripe key is only for Stripe" in done.stderr


@pytest.mark.parametrize(
    ("providers", "said"),
    [
        ("kraken_ws,simulated", "Simulated prices are for the sandbox only."),
        ("open_exchange_rates", "needs KRAK_OPEN_EXCHANGE_RATES_APP_ID"),
        ("jupiter", "needs KRAK_JUPITER_API_KEY"),
    ],
)
def test_production_refuses_prices_that_it_must_not_or_cannot_have(
    providers: str, said: str
) -> None:
    done = _check(**PRODUCTION, KRAK_PRICE_PROVIDERS=providers)

    assert done.returncode != 0
    assert said in done.stderr


def test_outside_the_sandbox_its_addresses_do_not_exist() -> None:
    program = (
        "import django; django.setup(); from django.urls import resolve, Resolver404\n"
        "resolve('/webhooks/stripe/events')\n"
        "try: resolve('/v1/sandbox/proof')\n"
        "except Resolver404: print('absent')"
    )
    environment = os.environ | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "krak.settings"}

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout.strip() == "absent", done.stderr
