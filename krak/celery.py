"""The Celery application: a worker is one more door into the services."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")

app = Celery("krak")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# In a container root is the only user there is; nothing is ever pickled here.
warnings.filterwarnings("ignore", category=SecurityWarning)
