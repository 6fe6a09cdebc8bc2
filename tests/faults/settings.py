"""The product's settings with the harness's hooks, and weakened where a negative control asks.

`FAULTS_SABOTAGE` is a JSON object: `visibility_seconds`, `claim_seconds`, `patience_seconds`,
`valkey_seconds`, `attempts`, `acks_late`.
"""

import json
import os
from typing import Any, Final

from krak.settings import *  # noqa: F403 - these are the product's settings
from krak.settings import (
    CELERY_BEAT_SCHEDULE,
    CELERY_BROKER_TRANSPORT_OPTIONS,
    INSTALLED_APPS,
    MIDDLEWARE,
    REDIS_TIMEOUT_SECONDS,
)

FAULTS_SABOTAGE: Final[dict[str, Any]] = json.loads(os.environ.get("FAULTS_SABOTAGE", "{}"))
FAULTS_CONTROL: Final = os.environ.get("FAULTS_CONTROL", "")

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.hooks"]
MIDDLEWARE = [
    "tests.faults.hooks.springs.dies_before_it_answers",
    "tests.faults.hooks.weaknesses.alive_asks_the_database",
    *MIDDLEWARE,
]
REDIS_TIMEOUT_SECONDS = FAULTS_SABOTAGE.get("valkey_seconds", REDIS_TIMEOUT_SECONDS)
CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {
    "visibility_timeout": FAULTS_SABOTAGE.get(
        "visibility_seconds", CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    )
}
CELERY_BEAT_SCHEDULE = CELERY_BEAT_SCHEDULE | {
    "a slot of the harness": {"task": "faults.slot", "schedule": 1}
}
CELERY_TASK_ACKS_LATE = FAULTS_SABOTAGE.get("acks_late", True)
