"""Bring a database up to date in one Python start: migrate, catalogue, demo.

`krak.runtime.up` runs it as a process of its own, beside the servers it has started.
"""

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print what was done and the seconds it took, once it is done."""
    began = time.monotonic()
    yield
    report(title, since=began)


def report(title: str, *, since: float) -> None:
    """Print that something is done and the seconds it took."""
    print(f"  {title:<44} {time.monotonic() - since:5.1f} s", flush=True)


def main(demo_file: Path) -> None:
    """Run the steps; what the demo prints goes to `demo_file`, to be shown once all is ready."""
    with step("Django loaded"):
        import django  # noqa: PLC0415 - the step is the import

        django.setup()
        from django.conf import settings  # noqa: PLC0415
        from django.core.management import call_command, get_commands  # noqa: PLC0415
    with step("Database migrated"):
        call_command("migrate", interactive=False, verbosity=0)
    known = get_commands()
    if "load_catalogue" in known:
        with step("Catalogue loaded"):
            call_command("load_catalogue", stdout=io.StringIO())
    if "roles" in known:
        with step("Roles of the back office written"):
            call_command("roles", stdout=io.StringIO())
    demo = io.StringIO()
    if settings.SANDBOX and "demo" in known:
        with step("Demo customer"):
            call_command("demo", stdout=demo)
        with step("Reserves proved"):
            call_command("prove_reserves", stdout=io.StringIO())
    demo_file.write_text(demo.getvalue())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
