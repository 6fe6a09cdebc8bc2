"""An archive in a folder of the test's own."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGES = settings.STORAGES | {
        "archive": {
            "BACKEND": "krak.core.archive.files.DurableFiles",
            "OPTIONS": {"location": tmp_path},
        }
    }
    return tmp_path
