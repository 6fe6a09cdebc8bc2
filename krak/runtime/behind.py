"""Run a command behind those that somebody waits for: `python -m krak.runtime.behind 10 COMMAND …`.

As `nice -n 10 COMMAND …` does, and with a long slice besides. Who is only nicer goes on until its
slice is over when a tap wakes up on its core, and a tap wakes up some ten times on its way through
web server and database. A kernel that is told of slices (Linux 6.12 and later) lets the shorter one
go first at once; on others only `nice` is left.
"""

import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from typing import Final

SLICE_NANOSECONDS: Final = 20_000_000
"""The kernel's own is 1.4 to 3 ms. The share of a core stays the same, in larger pieces."""
_SET: Final = {"x86_64": 314, "aarch64": 274}
"""The number of `sched_setattr`, which libraries have no name for yet."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""Size, policy, flags, nice, priority, runtime, deadline, period: `struct sched_attr`."""


def stand_behind(niceness: int) -> None:
    """Make this process so much nicer, and its slices long; what it starts inherits both.

    Raises:
        OSError: the kernel does not set slices, or not for us. The process is nicer all the same.
    """
    nicer = os.nice(niceness)
    number = _SET.get(os.uname().machine)
    if number is None:
        raise OSError(f"{os.uname().machine}: sched_setattr has no number here")
    asked = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, nicer, 0, SLICE_NANOSECONDS, 0, 0)
    if ctypes.CDLL(None, use_errno=True).syscall(number, 0, asked, 0):
        raise OSError(ctypes.get_errno(), "sched_setattr")


def main(words: Sequence[str]) -> None:
    """Become the command in `words[1:]`."""
    niceness, *command = words
    with contextlib.suppress(OSError):
        stand_behind(int(niceness))
    os.execvp(command[0], command)  # noqa: S606 - a command is what it is asked for


if __name__ == "__main__":
    main(sys.argv[1:])
