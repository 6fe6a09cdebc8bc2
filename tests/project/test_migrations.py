"""Row 26: migrations run while the code of before still does: they add, and take away later.

And what they do in SQL they undo, and do again.
"""

from pathlib import Path
from typing import Any, Final

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations import RunSQL
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState
from django_migration_linter.migration_linter import MessageType, MigrationLinter

from krak.core.sql import run_sql

BEFORE_THE_FIRST_RELEASE: Final = {
    "candles.0001_initial",
    "identity.0002_spent_codes",
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


MADE_IN_SQL: Final = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc p
 WHERE p.pronamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
UNION ALL
SELECT relname::text FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
   AND relname ~ '^(candles_|identity_spent_code)'
"""
"""Functions, triggers, and the tables that no model has."""


@pytest.mark.django_db
def test_what_migrations_do_in_sql_is_undone_and_done_again() -> None:
    """In one transaction, which the test takes back; so Django's own tables stay."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    state = ProjectState()
    operations = [
        (migration.app_label, each)
        for migration, _ in plan
        for each in migration.operations
        if isinstance(each, RunSQL)
    ]
    before = _made_in_sql()

    with connection.schema_editor() as editor:
        for app, operation in reversed(operations):
            operation.database_backwards(app, editor, state, state)
        left = _made_in_sql()
        for app, operation in operations:
            operation.database_forwards(app, editor, state, state)

    assert left == set()
    assert _made_in_sql() == before
    assert len(before) > len(operations)


def test_a_file_that_replaces_something_says_itself_how_it_goes_back(tmp_path: Path) -> None:
    """Dropping what it made would lose what was there before."""
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "later.sql").write_text("CREATE OR REPLACE FUNCTION one() RETURNS int …")

    with pytest.raises(ValueError, match="CREATE OR REPLACE has no way back here"):
        run_sql(str(tmp_path / "migrations" / "0003_later.py"), "later")


def _made_in_sql() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(MADE_IN_SQL)
        return {made for (made,) in cursor.fetchall()}
