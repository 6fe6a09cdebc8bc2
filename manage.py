#!/usr/bin/env python
"""Run Django's command line for Krak."""

import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
    try:
        from django.core.management import execute_from_command_line  # noqa: PLC0415
    except ImportError:
        sys.exit("Django is not installed here. Run `make up`, or activate .venv.")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
