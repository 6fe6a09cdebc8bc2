"""The servers that development and tests run on, for real and with nothing of the application."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
import redis

from krak.runtime import postgres, processes, services, supervisor, up, valkey
from krak.runtime.processes import RuntimeProblem
from krak.ticks import JOBS, TICKS

ANSWERS_WITHIN_SECONDS = 10


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("state")
    yield folder
    _forget(folder)


def _forget(state: Path) -> None:
    """Remove the cluster that root keeps outside a private folder."""
    link = state / "postgres"
    if link.is_symlink():
        subprocess.run(["rm", "-rf", link.readlink()], check=True)


def _eventually[T](ask: Callable[[], T]) -> T:
    deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return answer


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return status != "Z"


def _with_password(url: str, password: str) -> str:
    scheme, _, rest = url.partition("://")
    name, _, place = rest.partition(":")
    return f"{scheme}://{name}:{password}@{place.partition('@')[2]}"


# --- Postgres ------------------------------------------------------------------------------------
def test_postgres_is_durable_utf8_checksummed_and_on_loopback_only(state: Path) -> None:
    with postgres.running(state) as url, psycopg.connect(url) as connection:
        settings = {
            name: connection.execute(f"SHOW {name}".encode()).fetchone()
            for name in (
                "fsync",
                "synchronous_commit",
                "full_page_writes",
                "data_checksums",
                "server_encoding",
                "listen_addresses",
                "max_connections",
                "shared_buffers",
                "password_encryption",
            )
        }

    assert settings == {
        "fsync": ("on",),
        "synchronous_commit": ("on",),
        "full_page_writes": ("on",),
        "data_checksums": ("on",),
        "server_encoding": ("UTF8",),
        "listen_addresses": ("127.0.0.1",),
        "max_connections": ("200",),
        "shared_buffers": ("256MB",),
        "password_encryption": ("scram-sha-256",),
    }


def test_readiness_is_asked_for_at_fixed_times_however_much_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A line for each answer would wake us to ask again, which makes a line."""
    asked: list[float] = []

    def readiness(_port: int) -> str:
        asked.append(time.monotonic())
        return "503" if len(asked) < 4 else ""

    monkeypatch.setattr(up, "_readiness", readiness)
    talking = supervisor.Supervisor(
        children={"talk": [sys.executable, "-uc", "while True: print('not ready')"]},
        environment=dict(os.environ),
        out=StringIO(),
    )
    talking.start()
    try:
        up._await_ready(talking, port=1)
    finally:
        talking.stop()

    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert min(pauses) >= up.ASK_SECONDS


def test_postgres_refuses_a_wrong_password(state: Path) -> None:
    with (
        postgres.running(state) as url,
        pytest.raises(psycopg.OperationalError, match="password authentication failed"),
    ):
        psycopg.connect(_with_password(url, "wrong"))


def test_postgres_killed_at_once_comes_back_on_its_port_with_what_was_committed(
    state: Path,
) -> None:
    server = postgres.Postgres(state)
    server.start()
    try:
        assert server.process is not None
        connection = psycopg.connect(server.url, autocommit=True)
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server.process.kill()
        server.process.wait()

        url = server.url
        server.start()

        assert server.url == url
        with psycopg.connect(url) as again:
            assert again.execute("SELECT answer FROM kept").fetchall() == [(42,)]
    finally:
        server.stop()


def test_a_postgres_left_behind_is_ended_before_the_next_one_starts(state: Path) -> None:
    left = postgres.Postgres(state)
    left.start()
    assert left.process is not None

    with postgres.running(state) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert left.process.wait() == 0


def test_the_pid_of_a_stranger_in_a_stale_file_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n")

    processes.end_leftover(pid_file, folder=tmp_path, name="postgres")

    assert stranger.poll() is None
    assert not pid_file.exists()
    stranger.kill()
    stranger.wait()


# --- Valkey --------------------------------------------------------------------------------------
def test_valkey_wants_the_password_evicts_nothing_and_survives_a_kill(tmp_path: Path) -> None:
    server = valkey.Valkey(tmp_path)
    server.start()
    try:
        assert server.process is not None
        client = redis.Redis.from_url(server.url)
        assert client.ping()
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("append*")["appendfsync"] == "everysec"
        with socket.create_connection(("127.0.0.1", server.port)) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")
        client.set("kept", "42")
        time.sleep(0.1)
        server.process.kill()
        server.process.wait()

        server.start()

        assert redis.Redis.from_url(server.url).get("kept") == b"42"
    finally:
        server.stop()


# --- Both, around a command ----------------------------------------------------------------------
def _services(state: Path, *command: str) -> list[str]:
    return [sys.executable, "-m", "krak.runtime.services", "--state", str(state), "--", *command]


def _bare_environment() -> dict[str, str]:
    hidden = ("DATABASE_URL", "REDIS_URL", "KRAK_SANDBOX")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def test_two_runs_at_a_time_have_their_own_servers_and_hand_on_the_exit_code(
    state: Path, tmp_path: Path
) -> None:
    report = "echo $DATABASE_URL $REDIS_URL $KRAK_SANDBOX; read wait; exit 7"
    with ExitStack() as stack:
        runs = [
            stack.enter_context(
                subprocess.Popen(
                    _services(folder, "sh", "-c", report),
                    env=_bare_environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for folder in (state, tmp_path)
        ]
        said = [run.stdout.readline().split() for run in runs if run.stdout]
        for url, broker, sandbox in said:
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            assert redis.Redis.from_url(broker).ping()
            assert sandbox == "1"
        for run in runs:
            run.communicate("\n")

    assert len({url for url, _, _ in said}) == 2
    assert [run.returncode for run in runs] == [7, 7]
    for url, _, _ in said:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
    _forget(tmp_path)


def test_servers_that_are_given_are_used_and_none_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/krak")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")

    with services.running(tmp_path) as (environment, servers):
        assert environment["DATABASE_URL"] == "postgresql://elsewhere/krak"
        assert environment["REDIS_URL"] == "redis://elsewhere/0"
        assert servers == []


def test_the_same_state_twice_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/krak")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")

    with services.running(tmp_path):
        second = subprocess.run(
            _services(tmp_path, "true"), capture_output=True, text=True, check=False
        )

    assert second.returncode == 1
    assert second.stderr == f"krak: Another process is running Krak in {tmp_path}.\n"


# --- The supervisor ------------------------------------------------------------------------------
def test_a_child_that_dies_is_started_again_and_its_group_dies_with_it() -> None:
    out = StringIO()
    running = supervisor.Supervisor(
        children={"web": ["sh", "-c", "sleep 60 & echo $$ $!; wait"]},
        environment=os.environ,
        out=out,
    )
    running.start()
    try:

        def pids(count: int) -> list[str]:
            def numbers() -> list[str]:
                running.watch(seconds=0.02)
                lines = [line for line in out.getvalue().splitlines() if line.startswith("web | ")]
                return [word for line in lines for word in line.split()[2:]]

            return _eventually(lambda: found if len(found := numbers()) == count else [])

        leader, helper = map(int, pids(2))
        os.kill(leader, signal.SIGKILL)
        third, fourth = map(int, pids(4)[2:])

        assert "krak: web ended unexpectedly (SIGKILL); starting it again." in out.getvalue()
        _eventually(lambda: not _is_alive(helper))
        assert _is_alive(third)
        assert _is_alive(fourth)
    finally:
        running.stop()
    _eventually(lambda: not _is_alive(third) and not _is_alive(fourth))


def test_a_log_that_takes_nothing_more_ends_nothing() -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails as well
    running = supervisor.Supervisor(children={}, environment=os.environ, out=full)

    with pytest.raises(OSError, match="No space left"):
        Path("/dev/full").write_text("the control")
    running.say("a line")

    with pytest.raises(OSError, match="No space left"):
        full.close()


def test_a_child_that_keeps_dying_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.001)
    running = supervisor.Supervisor(
        children={"web": ["sh", "-c", "printf oops; exit 3"]},
        environment=os.environ,
        out=StringIO(),
    )
    running.start()

    with pytest.raises(RuntimeProblem, match="web ended with code 3, the 6th time"):
        _eventually(lambda: running.watch(seconds=0.01))

    running.stop()
    assert isinstance(running.out, StringIO)
    assert running.out.getvalue().count("web | oops\n") == 6


DUMMY = """
import os, sys
from krak.runtime import services, supervisor
from krak.runtime.processes import Stopped
services.stop_on_signals()
running = supervisor.Supervisor(
    children={name: ["sh", "-c", "echo $$; sleep 60"] for name in ("web", "worker")},
    environment=os.environ,
)
try:
    running.start()
    while True:
        running.watch(seconds=0.05)
except Stopped:
    pass
finally:
    running.stop()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_child_outlives_the_supervisor(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", DUMMY], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        pids = [int(run.stdout.readline().split()[2]) for _ in range(2)]
        run.send_signal(number)
        assert run.wait() == (-number if number == signal.SIGKILL else 0)

    _eventually(lambda: not any(map(_is_alive, pids)))


# --- `make up` -----------------------------------------------------------------------------------
def test_the_procfile_names_the_processes_in_the_order_they_stop() -> None:
    environment = {
        "HOST": "127.0.0.1", "PORT": "8123", "KRAK_LIVE_PORT": "8124", "KRAK_CARDS_PORT": "8125",
        "KRAK_STATE": "/state",
    }  # fmt: skip

    table = up.read_procfile(up.CHECKOUT / "Procfile", environment=environment)

    assert " ".join(table) == "web cards live market candles relay worker jobs beat"
    assert "8123" in table["web"]


def test_each_queue_the_clock_asks_is_served_by_a_process() -> None:
    commands = up.CHECKOUT.joinpath("Procfile").read_text()
    served = {"celery", *re.findall(r"--queues (\S+)", commands)}

    asked = {tick.get("options", {}).get("queue", "celery") for tick in TICKS.values()}

    assert asked == served == {"celery", JOBS}


def test_the_sandbox_has_a_fake_of_stripe_on_a_port_that_it_keeps(tmp_path: Path) -> None:
    first = up._environment_of_issuer(tmp_path, web_port=8000)
    environment = {"HOST": "127.0.0.1", "KRAK_CARDS_PORT": "8001", "KRAK_STATE": "/state", **first}

    table = up.read_procfile(up.CHECKOUT / "Procfile.sandbox", environment=environment)

    assert list(table) == ["issuer"]
    assert first["KRAK_ISSUER_PORT"] in table["issuer"]
    assert first["STRIPE_API_BASE"] == f"http://127.0.0.1:{first['KRAK_ISSUER_PORT']}"
    assert up._environment_of_issuer(tmp_path, web_port=8000) == first
    other = up._environment_of_issuer(tmp_path, web_port=int(first["KRAK_ISSUER_PORT"]))
    assert other["KRAK_ISSUER_PORT"] != first["KRAK_ISSUER_PORT"]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"KRAK_SANDBOX": "1"}, True),
        ({"KRAK_SANDBOX": "0"}, False),
        ({}, False),
        ({"KRAK_SANDBOX": "1", "STRIPE_API_KEY": "sk_test_mine"}, False),
        ({"KRAK_SANDBOX": "1", "STRIPE_API_BASE": "http://127.0.0.1:12111"}, False),
    ],
)
def test_the_fake_runs_in_the_sandbox_unless_stripe_is_named(
    environment: dict[str, str], wanted: bool
) -> None:
    assert up.wants_issuer(environment) is wanted


@pytest.mark.parametrize("port", ["80000", "eight", "0"])
def test_a_port_that_is_none_is_one_clear_line(port: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "krak.runtime.up"],
        env={**os.environ, "PORT": port},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr == f"krak: PORT={port} is not a port number.\n"


def test_a_port_in_use_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "PORT_PATIENCE_SECONDS", 0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))

        with pytest.raises(RuntimeProblem, match="is in use"):
            up._port()
