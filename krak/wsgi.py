"""The door for the API, the webhooks and the admin."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")

application = get_wsgi_application()

from fx.prices import live  # noqa: E402 - needs the settings that are ready only now

live.start()
# A request that comes first should find prices; the market may still be starting beside us.
live.wait_until_loaded(2)
# What is here now stays: a full collection of it would land in somebody's request.
gc.freeze()
