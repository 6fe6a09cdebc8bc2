"""The door for the API, the webhooks and the admin."""

import gc
import os

import django
from django.core.wsgi import get_wsgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")

django.setup(set_prefix=False)

from fx.prices import live  # noqa: E402 - needs the settings that are ready only now
from krak.api.express import Express  # noqa: E402
from krak.core import tracing  # noqa: E402

WEBHOOKS = ("/webhooks/stripe/authorizations", "/webhooks/stripe/events")

# Before the handler is made: what traces requests is a middleware.
tracing.start()
application = Express(get_wsgi_application(), {path: resolve(path) for path in WEBHOOKS})

live.start()
# A request that comes first should find prices; the market may still be starting beside us.
live.wait_until_loaded(2)
# What is here now stays: a full collection of it would land in somebody's request.
gc.freeze()
