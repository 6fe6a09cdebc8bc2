"""The door for the API, the webhooks and the admin."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")

_django = get_wsgi_application()

from cards.authorizations import webhooks as authorizations  # noqa: E402 - needs the settings
from cards.issuing import webhooks as events  # noqa: E402 - that are ready only now
from fx.prices import live  # noqa: E402
from krak.api.express import Express  # noqa: E402
from krak.core import tracing  # noqa: E402

application = Express(
    _django,
    {
        "/webhooks/stripe/authorizations": authorizations.authorizations,
        "/webhooks/stripe/events": events.events,
    },
)

tracing.start()
live.start()
# A request that comes first should find prices; the market may still be starting beside us.
live.wait_until_loaded(2)
# What is here now stays: a full collection of it would land in somebody's request.
gc.freeze()
