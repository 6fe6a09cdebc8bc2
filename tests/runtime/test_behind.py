"""What nobody waits for stands behind what somebody does: by its share, and by its slices."""

import os
import platform
import subprocess
import sys
from typing import Final

import pytest

from krak.runtime import behind

GET: Final = {"x86_64": 315, "aarch64": 275}.get(os.uname().machine)
"""The number of `sched_getattr`."""
KNOWS_SLICES: Final = GET is not None and (
    [int(part) for part in platform.release().split(".")[:2]] >= [6, 12]
)
TELL: Final = f"""
import ctypes, os, sys
said = ctypes.create_string_buffer(48)
if ctypes.CDLL(None).syscall({GET or -1}, 0, said, 48, 0):
    sys.exit("sched_getattr")
print(os.nice(0), int.from_bytes(said.raw[24:32], sys.byteorder))
"""
TELL_OF_A_CHILD: Final = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {TELL!r}])"


def _said(*before: str, script: str) -> tuple[int, int]:
    """Return the niceness, and the nanoseconds of a slice, that a script tells of itself."""
    command = [*before, sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    niceness, nanoseconds = ran.stdout.split()
    return int(niceness), int(nanoseconds)


@pytest.mark.skipif(not KNOWS_SLICES, reason="this kernel does not know slices")
@pytest.mark.parametrize("script", [TELL, TELL_OF_A_CHILD])
def test_a_command_and_its_children_are_nicer_with_long_slices(script: str) -> None:
    own = _said(script=script)

    behind_us = _said(sys.executable, "-m", "krak.runtime.behind", "7", script=script)

    assert behind_us == (own[0] + 7, behind.SLICE_NANOSECONDS)
    assert own[1] < behind.SLICE_NANOSECONDS


def test_where_the_kernel_has_no_slices_the_command_is_nicer_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    became: list[object] = []
    niceness: list[int] = []
    monkeypatch.setattr(behind, "_SET", {})
    monkeypatch.setattr(os, "nice", niceness.append)
    monkeypatch.setattr(os, "execvp", lambda *asked: became.append(asked))

    behind.main(["10", "true", "-x"])

    assert niceness == [10]
    assert became == [("true", ["true", "-x"])]


def test_the_command_keeps_its_code() -> None:
    command = [sys.executable, "-m", "krak.runtime.behind", "1", "sh", "-c", "exit 3"]
    assert subprocess.run(command, check=False).returncode == 3
