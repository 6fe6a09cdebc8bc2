"""SQL kept in files beside its feature, loaded by migrations."""

from pathlib import Path
from typing import Any

from django.db.migrations import RunSQL


def run_sql(folder: Path, *names: str) -> RunSQL:
    """Run `NAME.sql` of `folder` in order; `NAME.undo.sql` in reverse order when going back."""
    forward = [(folder / f"{name}.sql").read_text() for name in names]
    backward = [(folder / f"{name}.undo.sql").read_text() for name in reversed(names)]
    return RunSQL(sql=_whole(forward), reverse_sql=_whole(backward))


def _whole(texts: list[str]) -> Any:
    # The pair with None keeps `%` literal and each file in one piece.
    return [(text, None) for text in texts]
