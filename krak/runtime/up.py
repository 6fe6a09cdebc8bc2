"""Start all of Krak on this machine and stop all of it again: `make up`.

Not a management command, because Django's settings want the database that is started here.
"""

import argparse
import http.client
import importlib.util
import os
import shlex
import shutil
import signal
import string
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from krak.runtime import processes, services
from krak.runtime.prepare import report
from krak.runtime.processes import LOOPBACK, RuntimeProblem, Stopped
from krak.runtime.supervisor import Supervisor

CHECKOUT: Final = Path(__file__).resolve().parents[2]
READY_SECONDS: Final = 300
ASK_SECONDS: Final = 0.25
PORT_PATIENCE_SECONDS: Final = 5
SANDBOX_KEY: Final = "sk_test_sandbox"
_NEEDED: Final = ("django", "celery", "granian", "psycopg", "redis")
_LAST_PORT: Final = 65_535


def main() -> int:
    """Run the command line; a problem is one line and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m krak.runtime.up", description=__doc__)
    parser.add_argument("--state", type=Path, default=CHECKOUT / ".krak/dev")
    parser.add_argument(
        "--follow-parent", action="store_true", help="stop when the process that runs this one dies"
    )
    arguments = parser.parse_args()
    if arguments.follow_parent:
        processes.follow_parent()
    services.stop_on_signals()
    try:
        up(state=arguments.state.resolve())
    except RuntimeProblem as problem:
        print(f"krak: {problem}", file=sys.stderr)
        return 1
    except Stopped:
        print("krak: stopped.", flush=True)
    return 0


def up(*, state: Path) -> None:
    """Start everything, print where it is, and keep it running until a signal stops it.

    Raises:
        RuntimeProblem: this machine lacks something, or something keeps dying.
        Stopped: a signal asked for it; by then all is stopped.
    """
    began = time.monotonic()
    port = _port()
    _require_packages()
    print(f"Starting Krak; its data are in {_short(state)}.", flush=True)
    opening = time.monotonic()
    with services.running(state) as (beside_servers, servers):
        report("Postgres and Valkey", since=opening)
        environment = _environment_of_children(beside_servers, port=port, state=state)
        children = read_procfile(CHECKOUT / "Procfile", environment=environment)
        if wants_issuer(environment):
            environment |= _environment_of_issuer(state, web_port=port)
            children |= read_procfile(CHECKOUT / "Procfile.sandbox", environment=environment)
        demo_file = state / "demo.txt"
        _prepare(environment, demo_file=demo_file)
        supervisor = Supervisor(
            children=children,
            environment=environment,
            servers=servers,
        )
        opening = time.monotonic()
        try:
            supervisor.start()
            _await_ready(supervisor, port=port)
            report(", ".join(supervisor.children), since=opening)
            supervisor.say(
                _welcome(
                    port=port,
                    cards=environment["KRAK_CARDS_PORT"],
                    stripe=environment.get("STRIPE_API_BASE", ""),
                    live=environment["KRAK_LIVE_URL"],
                    demo=demo_file.read_text(),
                    since=began,
                )
            )
            while True:
                supervisor.watch(seconds=0.2)
        except Stopped:
            supervisor.say("krak: stopping.")
            raise
        finally:
            supervisor.stop()


def read_procfile(path: Path, *, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the processes that a Procfile lists, by name, with variables filled in.

    Raises:
        RuntimeProblem: a line is not `name: command`, or uses a variable that is not set.
    """
    table = {}
    for line in path.read_text().splitlines():
        name, separator, command = line.partition(": ")
        try:
            words = [string.Template(word).substitute(environment) for word in shlex.split(command)]
        except KeyError as missing:
            raise RuntimeProblem(f"{path.name}: {missing.args[0]} is not set.") from None
        if not separator or not words:
            raise RuntimeProblem(f"{path.name}: `{line}` is not `name: command`.")
        table[name] = words
    return table


def wants_issuer(environment: Mapping[str, str]) -> bool:
    """Tell whether the fake of Stripe runs: in the sandbox, unless Stripe itself is named."""
    sandbox = environment.get("KRAK_SANDBOX", "").lower() in {"1", "true", "yes", "on"}
    named = environment.get("STRIPE_API_KEY") or environment.get("STRIPE_API_BASE")
    return sandbox and not named


def _environment_of_issuer(state: Path, *, web_port: int) -> dict[str, str]:
    """Return what the fake of Stripe and its clients need to find each other."""
    port = _kept_port("KRAK_ISSUER_PORT", kept=state / "issuer.port", web_port=web_port)
    return {
        "KRAK_ISSUER_PORT": str(port),
        "STRIPE_API_BASE": f"http://{LOOPBACK}:{port}",
        "STRIPE_API_KEY": SANDBOX_KEY,
    }


def _kept_port(name: str, *, kept: Path, web_port: int) -> int:
    """Return a port besides the web's: the one that is named, or a free one, kept in a file.

    It is kept for the next start, so that a client pointed there stays right.
    """
    if os.environ.get(name):
        port = _port(name)
    else:
        text = kept.read_text().strip() if kept.exists() else ""
        port = int(text) if text.isdecimal() else 0
        if port in {0, web_port} or not processes.port_is_free(port):
            port = processes.free_port()
    kept.write_text(str(port))
    return port


def _port(name: str = "PORT", default: str = "8000") -> int:
    """Return the port to serve on; one left by a run that was killed gets a moment to be freed."""
    text = os.environ.get(name) or default
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _LAST_PORT):
        raise RuntimeProblem(f"{name}={text} is not a port number.")
    port = int(text)
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while not processes.port_is_free(port):
        if time.monotonic() > deadline:
            raise RuntimeProblem(
                f"Port {port} is in use; stop what listens there, or choose another with {name}."
            )
        time.sleep(0.1)
    return port


def _require_packages() -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise RuntimeProblem(
            f"{sys.executable} lacks {', '.join(missing)}; `make up` installs what Krak needs."
        )


def _environment_of_children(
    environment: Mapping[str, str], *, port: int, state: Path
) -> dict[str, str]:
    bin_folder = str(Path(sys.executable).parent)
    live_port = _kept_port("KRAK_LIVE_PORT", kept=state / "live.port", web_port=port)
    cards_port = _kept_port("KRAK_CARDS_PORT", kept=state / "cards.port", web_port=port)
    return {
        "KRAK_PUBLIC_URL": f"http://{LOOPBACK}:{port}",
        "KRAK_LIVE_URL": f"http://{LOOPBACK}:{live_port}/v1/live",
        **environment,
        "KRAK_LIVE_PORT": str(live_port),
        "KRAK_CARDS_PORT": str(cards_port),
        "HOST": LOOPBACK,
        "PORT": str(port),
        "KRAK_STATE": str(state),
        "PROMETHEUS_MULTIPROC_DIR": str(_emptied(state / "metrics")),
        "PATH": os.pathsep.join((bin_folder, environment.get("PATH", os.defpath))),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
        # Celery's advice against root, on every start; here root is whoever owns the checkout.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }


def _emptied(folder: Path) -> Path:
    """Return a folder without what the processes of an earlier run counted in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _prepare(environment: Mapping[str, str], *, demo_file: Path) -> None:
    """Run `krak.runtime.prepare`, which prints its own steps."""
    process = processes.start(
        [sys.executable, "-m", "krak.runtime.prepare", demo_file], environment=environment
    )
    try:
        code = process.wait()
    finally:
        processes.stop(process, (signal.SIGTERM, 10))
    if code != 0:
        raise RuntimeProblem("The database could not be prepared; the reason is above.")


def _await_ready(supervisor: Supervisor, *, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (said := _readiness(port)) != "":
        if time.monotonic() > deadline:
            raise RuntimeProblem(f"Not ready after {READY_SECONDS} s: {said}")
        # A line of output ends a watch early; it must not make us ask sooner, which makes lines.
        again_at = time.monotonic() + ASK_SECONDS
        while (left := again_at - time.monotonic()) > 0:
            supervisor.watch(seconds=left)


def _readiness(port: int) -> str:
    """Return what keeps the server from being ready, "" if nothing does."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/healthz/ready")
        answer = connection.getresponse()
        body = answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as problem:
        return str(problem)
    finally:
        connection.close()
    return "" if answer.status == http.HTTPStatus.OK else f"{answer.status} {body}"


def _welcome(*, port: int, cards: str, stripe: str, live: str, demo: str, since: float) -> str:
    home, seconds = f"http://{LOOPBACK}:{port}", time.monotonic() - since
    played = f"  Stripe is at {stripe}\n" if stripe else ""
    told = (
        f"  Live events are at {live}\n"
        f"  Webhooks have processes of their own at http://{LOOPBACK}:{cards}\n"
    )
    return (
        f"\nKrak is ready on {home} after {seconds:.1f} s; Ctrl-C stops it.\n{told}{played}\n{demo}"
    )


def _short(path: Path) -> str:
    return str(path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path)


if __name__ == "__main__":
    sys.exit(main())
