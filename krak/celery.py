"""The Celery application: a worker is one more door into the services."""

import gc
import os
import warnings
from typing import Any, Final

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]
from celery.signals import task_prerun, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "krak.settings")

BOARD_SECONDS: Final = 5

app = Celery("krak")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# In a container root is the only user there is; nothing is ever pickled here.
warnings.filterwarnings("ignore", category=SecurityWarning)


@worker_process_init.connect
def _be_ready_for_the_first_task(**_signal: Any) -> None:
    """Load the board in each worker process, so that its first reward finds a price."""
    from fx.prices import live  # noqa: PLC0415 - Django is ready only now
    from krak.core import tracing  # noqa: PLC0415

    tracing.start()
    live.start()
    live.wait_until_loaded(BOARD_SECONDS)
    # What is here now stays: each full collection would go through all of it again.
    gc.freeze()


@task_prerun.connect
def _let_go_of_what_broke(**_signal: Any) -> None:
    """Connections are kept from task to task, but not one that an error has made unusable."""
    from django.db import close_old_connections  # noqa: PLC0415 - Django is ready only now

    close_old_connections()
