"""A production refuses nothing of Django's own list, and starts only with what it needs."""

import os
import subprocess
import sys

import pytest

PRODUCTION = {
    "KRAK_SANDBOX": "0",
    "KRAK_SECRET_KEY": "k9" * 40 + "!q#Z",
    "KRAK_ALLOWED_HOSTS": "krak.example",
    "KRAK_PUBLIC_URL": "https://krak.example",
    "STRIPE_AUTHORIZATION_SECRET": "whsec_one",
    "STRIPE_EVENTS_SECRET": "whsec_two",
}


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py as a production would."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        env={**os.environ, **PRODUCTION, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deployment_check_is_clean() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    "name", ["KRAK_SECRET_KEY", "STRIPE_AUTHORIZATION_SECRET", "STRIPE_EVENTS_SECRET"]
)
def test_it_does_not_start_without_a_secret(name: str) -> None:
    done = manage("check", **{name: ""})

    assert done.returncode != 0
    assert name in done.stderr


@pytest.mark.parametrize(("sandbox", "found"), [("1", True), ("0", False)])
def test_a_door_of_the_sandbox_is_nowhere_else(sandbox: str, found: bool) -> None:
    asked = "from django.urls import resolve; resolve('/v1/sandbox/customers/cus_x/statements')"

    done = manage("shell", "--no-imports", "-c", asked, KRAK_SANDBOX=sandbox)

    assert (done.returncode == 0) is found, done.stderr
    assert ("Resolver404" in done.stderr) is not found


def test_tracing_without_its_packages_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['opentelemetry'] = None; import krak.wsgi"],
        env={**os.environ, "KRAK_TRACING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "needs the extra `tracing`" in done.stderr
