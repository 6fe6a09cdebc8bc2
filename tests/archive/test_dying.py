"""Whatever dies or is damaged on the way, no row is lost and no file lies about."""

from pathlib import Path
from typing import Any

import pytest

from krak.core.archive import services
from krak.core.archive.files import Damaged, DurableFiles
from krak.core.archive.models import Archive
from krak.core.archive.queries import next_day
from krak.core.inbox.models import PastEvent
from krak.core.transactions import transaction
from tests.archive.rows import DAY, INBOX, LONG_AFTER, event, files, move, names
from tests.races import other_session

__all__ = ["other_session"]


class DyingFiles(DurableFiles):
    """A storage whose process dies as soon as a file is saved."""

    def _save(self, name: str, content: Any) -> str:
        super()._save(name, content)
        raise KeyboardInterrupt


@pytest.mark.django_db
def test_a_run_that_dies_with_the_file_saved_loses_nothing_and_leaves_no_file(
    folder: Path, settings: Any
) -> None:
    event("one")
    living = settings.STORAGES
    dying = living["archive"] | {"BACKEND": "tests.archive.test_dying.DyingFiles"}
    settings.STORAGES = living | {"archive": dying}
    with pytest.raises(KeyboardInterrupt):
        services.write(INBOX, DAY, now=LONG_AFTER)
    settings.STORAGES = living
    assert names() == {"one"}
    (left,) = files(folder)

    (archive,) = move()

    assert names() == set()
    assert archive.name != left
    assert files(folder) == {archive.name}
    assert Archive.objects.count() == 1


@pytest.mark.django_db
def test_a_run_that_dies_before_or_while_rows_go_is_finished_by_the_next(folder: Path) -> None:
    for number in range(3):
        event(f"{number}")
    archive = services.write(INBOX, DAY, now=LONG_AFTER)
    assert archive is not None
    assert names() == {"0", "1", "2"}
    with transaction():
        INBOX.let_go(services.verify(archive)[:2])
    assert len(names()) == 1

    assert next_day(INBOX, now=LONG_AFTER) is None, "they lie in a file already"
    assert move() == []

    assert names() == set()
    assert files(folder) == {archive.name}
    assert services.verify(archive)
    assert PastEvent.objects.count() == 3


@pytest.mark.django_db
def test_of_two_runs_at_one_day_the_later_makes_the_file(folder: Path) -> None:
    event("one")
    slow = services._begin(INBOX, DAY, now=LONG_AFTER)
    quick = services.write(INBOX, DAY, now=LONG_AFTER)
    assert quick is not None

    assert services._filled(slow, [b'{"id": ""}'], now=LONG_AFTER) is None

    assert files(folder) == {quick.name}
    assert services.verify(quick)


@pytest.mark.django_db
def test_a_day_that_another_run_has_emptied_leaves_nothing(folder: Path) -> None:
    assert services.write(INBOX, DAY, now=LONG_AFTER) is None

    assert not Archive.objects.exists()
    assert files(folder) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("harm", ["changed", "cut off", "gone", "rows missing"])
def test_rows_do_not_go_when_their_file_is_not_what_was_written(folder: Path, harm: str) -> None:
    event("one"), event("two")
    archive = services.write(INBOX, DAY, now=LONG_AFTER)
    assert archive is not None
    path = folder / archive.name
    content = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "rows missing":
        Archive.objects.update(rows=3)
        archive.refresh_from_db()
    else:
        path.write_bytes(content[:-1] if harm == "cut off" else content[:-1] + b"\x01")

    with pytest.raises(Damaged):
        services.let_go(archive, now=LONG_AFTER)

    assert names() == {"one", "two"}
    archive.refresh_from_db()
    assert archive.dropped_at is None
