"""Starting and stopping processes so that none of them outlives whoever started it."""

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, TextIO

LOOPBACK: Final = "127.0.0.1"
_PR_SET_PDEATHSIG: Final = 1


class RuntimeProblem(Exception):
    """Something about this machine that a person can put right; the message is one line."""


class Stopped(BaseException):
    """A signal asked this process to stop; whoever started something ends it on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def start(
    argv: Sequence[str | Path],
    *,
    output: int | IO[bytes] | None = None,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    user: tuple[int, int] | None = None,
    own_group: bool = True,
    when_orphaned: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a process that gets `when_orphaned` should this one die, however it dies (on Linux).

    `user` is the uid and gid to drop to. With `own_group` a Ctrl-C at the terminal, which is
    sent to the whole group of its foreground process, passes the new process by.
    """
    uid, gid = user or (None, None)
    return subprocess.Popen(
        [str(word) for word in argv],
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        cwd=cwd,
        env=environment,
        user=uid,
        group=gid,
        extra_groups=[] if user else None,
        start_new_session=own_group,
        preexec_fn=_follow_parent(when_orphaned),  # noqa: PLW1509 - no thread runs when we fork
    )


def follow_parent(when_orphaned: signal.Signals = signal.SIGTERM) -> None:
    """Let the kernel send this process a signal when its parent dies; not fatal elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(when_orphaned), 0, 0, 0)


def _follow_parent(when_orphaned: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def before_exec() -> None:
        follow_parent(when_orphaned)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def stop(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> None:
    """End a process and reap it: each signal in turn with its seconds of patience, then SIGKILL."""
    for number, patience in steps:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return
    process.kill()
    process.wait()


def end_leftover(pid_file: Path, *, folder: Path, name: str) -> None:
    """End a server that an earlier run left behind in `folder`, and forget a stale pid.

    A pid alone proves nothing: after a reboot it may belong to anybody. The server is ours if
    it works in `folder`.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if not _works_in(pid, folder=folder, name=name):
            break
        os.kill(pid, number)
        deadline = time.monotonic() + 10
        while _works_in(pid, folder=folder, name=name) and time.monotonic() < deadline:
            time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _works_in(pid: int, *, folder: Path, name: str) -> bool:
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
        except OSError:
            return False
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return name in shown.stdout


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def open_private(path: Path) -> TextIO:
    """Create a file that only its owner can read."""
    return open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600))


def secret_in(path: Path) -> str:
    """Return the secret kept in `path`; make one the first time."""
    if not path.exists():
        with open_private(path) as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text().strip()


def log_in(path: Path, *, keep_bytes: int = 16 * 2**20) -> IO[bytes]:
    """Open a log to append to; one that has grown past `keep_bytes` starts afresh."""
    full = path.exists() and path.stat().st_size > keep_bytes
    return path.open("wb" if full else "ab")


def last_words(log: Path) -> str:
    """Return the last line of a log that says what went wrong."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    telling = [line for line in lines[-50:] if any(w in line for w in ("FATAL", "rror", "PANIC"))]
    return (telling or lines or ["it said nothing"])[-1].strip()
