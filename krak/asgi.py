"""The door for live events, a process of its own; everything else is behind `krak.wsgi`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")
django.setup()

from krak.live.app import Live  # noqa: E402 - needs the settings

application = Live()
