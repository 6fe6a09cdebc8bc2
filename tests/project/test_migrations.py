"""Row 26: migrations run while the code of before still does: they add, and take away later."""

from pathlib import Path
from typing import Any, Final

import pytest
from django.apps import apps
from django.conf import settings
from django.db.migrations import RunSQL
from django_migration_linter.migration_linter import MessageType, MigrationLinter

BEFORE_THE_FIRST_RELEASE: Final = {
    "audit.0004_link",
    "candles.0001_initial",
    "disputes.0002_what_owners_say",
    "identity.0002_spent_codes",
    "issuing.0003_cardholders",
    "issuing.0004_the_life_of_a_card",
    "notifications.0003_numbered",
    "notifications.0006_preferences_of_kinds",
    "venues.0003_shipped_calendar",
}
"""When these were written no code ran that they could have broken. No name is ever added."""


class _Linter(MigrationLinter):
    """Reads our migrations and keeps the names of those it refuses."""

    def __init__(self) -> None:
        root = settings.BASE_DIR
        paths = {app.label: Path(app.path) for app in apps.get_app_configs()}
        ours = [
            label
            for label, path in paths.items()
            if path.is_relative_to(root) and "site-packages" not in path.parts
        ]
        super().__init__(str(root), include_apps=ours, no_cache=True, no_output=True)
        self.refused: set[str] = set()

    @staticmethod
    def get_migration_hash(app_label: str, migration_name: str) -> str:
        """Nothing is cached, and to find it out takes longer than all the rest."""
        return f"{app_label}.{migration_name}"

    def print_linting_msg(
        self, app_label: str, migration_name: str, msg: str, lint_result: MessageType
    ) -> None:
        """Keep what is refused instead of printing it."""
        if lint_result is MessageType.ERROR:
            self.refused.add(f"{app_label}.{migration_name}")

    def lint_runsql(self, runsql: Any) -> Any:
        """Read the way forward alone: of a text and None the linter would fill each `%` of it."""
        texts = runsql.sql if isinstance(runsql.sql, list) else [(runsql.sql, None)]
        return super().lint_runsql(RunSQL([text for text, _ in texts], RunSQL.noop))


@pytest.mark.django_db
def test_no_migration_breaks_the_code_that_runs_but_those_that_had_none() -> None:
    """That the old ones are refused shows that new ones would be."""
    linter = _Linter()

    linter.lint_all_migrations()

    assert linter.refused == BEFORE_THE_FIRST_RELEASE
