"""The statements that spread a migrated database over a Citus cluster, and what they cost.

First the triggers go, which would fire again while rows are copied, and all foreign keys of tables
that move; then keys are swapped, tables moved, and what still holds is put back.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from holdings.ledger import models as ledger
from krak.runtime.distribution.catalog import Catalog, Key, Reference, Trigger
from krak.runtime.distribution.classes import (
    ARGUMENT,
    COLUMN,
    CUSTOMERS,
    READ_ANOTHERS,
    TO_ANOTHERS,
    Kind,
    Place,
    places,
)

HOUSE_ROLL_UP: Final = Path(ledger.__file__).parent / "sql" / "distributed.sql"

SETTINGS: Final = {
    # Triggers of shards read and write only what lies beside them …
    "enable_unsafe_triggers": "on",
    # … by the names of tables, and so do functions that run there.
    "allow_nested_distributed_execution": "on",
    # A copy on each node is written in the transaction in which all shards were asked.
    "multi_shard_modify_mode": "sequential",
    # What a transaction that may take longer says of its limits (`let_statements_last`).
    "propagate_set_commands": "local",
    # What staff look for among rows of several customers.
    "enable_repartition_joins": "on",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, or none; `note` says what is lost, if something is."""

    sql: str
    note: str = ""


class Plan:
    """What becomes of one database."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.places = places(catalog)

    def keys(self) -> Iterator[Statement]:
        """Swap the keys and make the foreign keys composite: plain Postgres can do that, too."""
        yield from self._drop_triggers()
        yield from self._drop_references()
        yield from self._swap_keys()
        yield from self._add_references()
        yield from self._restore_triggers(all_of_them=True)

    def everything(self) -> Iterator[Statement]:
        """Distribute the database."""
        yield from _settings()
        yield from self._drop_triggers()
        yield from self._drop_references()
        yield from self._swap_keys()
        yield from self._move()
        yield from self._distribute_functions()
        yield from self._add_references()
        yield from self._restore_triggers(all_of_them=False)
        yield Statement(
            HOUSE_ROLL_UP.read_text(),
            "the house's balances are moved by the roll-up itself, no trigger guards them; "
            "the hourly proof still compares them with their postings",
        )

    def _place(self, table: str) -> Place:
        return self.places[table]

    def _tables(self, *kinds: Kind) -> list[str]:
        return [name for name, place in self.places.items() if place.kind in kinds]

    def _moves(self, table: str) -> bool:
        return self._place(table).kind in {Kind.DISTRIBUTED, Kind.REFERENCE}

    def _drop_triggers(self) -> Iterator[Statement]:
        for trigger in self.catalog.triggers:
            if self._moves(trigger.table):
                yield Statement(f"DROP TRIGGER {trigger.name} ON {trigger.table}")

    def _drop_references(self) -> Iterator[Statement]:
        for reference in self.catalog.references:
            if self._moves(reference.table) or self._moves(reference.target):
                yield Statement(
                    f"ALTER TABLE {reference.table} DROP CONSTRAINT {reference.name}",
                    self.lost(reference),
                )

    def lost(self, reference: Reference) -> str:
        """Return why a foreign key cannot be had again, or nothing when it can."""
        ends = (self._place(reference.table).kind, self._place(reference.target).kind)
        columns = ", ".join(reference.columns)
        arrow = f"{reference.table} ({columns}) to {reference.target}: from {ends[0]} to {ends[1]}"
        match ends:
            case (Kind.DISTRIBUTED, Kind.DISTRIBUTED) if (
                reference.target == CUSTOMERS and COLUMN not in reference.columns
            ):
                return f"no key of {arrow}: it names another customer than the row's owner"
            case (Kind.DISTRIBUTED, Kind.DISTRIBUTED) if (
                reference.table,
                reference.columns[-1],
            ) in TO_ANOTHERS:
                return f"no key of {arrow}: the row may be another customer's"
            case (Kind.DISTRIBUTED, Kind.DISTRIBUTED | Kind.REFERENCE):
                return ""
            case (Kind.REFERENCE, Kind.REFERENCE) | (Kind.LOCAL, Kind.LOCAL):
                return ""
            case _:
                return f"no key of {arrow}"

    def _swap_keys(self) -> Iterator[Statement]:
        for table in self._tables(Kind.DISTRIBUTED):
            column = self._place(table).column
            for key in self.catalog.keys.get(table, ()):
                if column not in key.columns:
                    yield from _with_column(key, column, note=self._loosened(key, column))

    def _loosened(self, key: Key, column: str) -> str:
        """Return what a unique rule no longer says once a customer is part of it.

        Ids are made to be unique, and a row that points to another of the same customer says no
        less with the customer.
        """
        if key.is_primary or any(
            set(reference.columns) & set(key.columns)
            and self._place(reference.target).kind is Kind.DISTRIBUTED
            and reference.target != CUSTOMERS
            for reference in self.catalog.references
            if reference.table == key.table
        ):
            return ""
        return f"{key.name} is unique per {column} only, not over all of {key.table}"

    def _add_references(self) -> Iterator[Statement]:
        for reference in self.catalog.references:
            if self.lost(reference) or not (
                self._moves(reference.table) or self._moves(reference.target)
            ):
                continue
            columns, target_columns = list(reference.columns), list(reference.target_columns)
            column, target_column = (
                self._place(reference.table).column,
                self._place(reference.target).column,
            )
            if target_column and target_column not in target_columns:
                columns, target_columns = [column, *columns], [target_column, *target_columns]
            yield Statement(
                f"ALTER TABLE {reference.table} ADD CONSTRAINT {reference.name}"
                f" FOREIGN KEY ({', '.join(columns)})"
                f" REFERENCES {reference.target} ({', '.join(target_columns)}){reference.timing}"
            )

    def _move(self) -> Iterator[Statement]:
        for table in self._tables(Kind.KNOWN):
            yield Statement(f"SELECT citus_add_local_table_to_metadata('{table}')")
        for table in self._tables(Kind.REFERENCE):
            yield Statement(f"SELECT create_reference_table('{table}')")
        yield Statement(f"SELECT create_distributed_table('{CUSTOMERS}', 'id')")
        distributed = [table for table in self._tables(Kind.DISTRIBUTED) if table != CUSTOMERS]
        for table in distributed:
            yield Statement(
                f"SELECT create_distributed_table('{table}', '{self._place(table).column}',"
                f" colocate_with => '{CUSTOMERS}')"
            )
        for table in (*self._tables(Kind.REFERENCE), CUSTOMERS, *distributed):
            yield Statement(f"SELECT truncate_local_data_after_distributing_table('{table}')")

    def runs_on_workers(self, trigger: Trigger) -> bool:
        """Tell whether a trigger reads and writes only what lies beside its table."""
        if trigger.function in READ_ANOTHERS:
            return False
        reached = {
            self._place(word).kind
            for word in self.catalog.words_of(trigger.function)
            if word in self.places
        }
        if self._place(trigger.table).kind is Kind.REFERENCE:
            return not reached
        return Kind.LOCAL not in reached

    def _distribute_functions(self) -> Iterator[Statement]:
        needed = {
            trigger.function
            for trigger in self.catalog.triggers
            if self._moves(trigger.table) and self.runs_on_workers(trigger)
        } | {name for name, each in self.catalog.functions.items() if each.first == ARGUMENT}
        called = set().union(*(self.catalog.words_of(name) for name in needed))
        for name, function in self.catalog.functions.items():
            if function.first == ARGUMENT:
                yield Statement(
                    f"SELECT create_distributed_function('{function.signature}', '{ARGUMENT}',"
                    f" colocate_with := '{CUSTOMERS}')"
                )
            elif name in needed | called:
                yield Statement(f"SELECT create_distributed_function('{function.signature}')")

    def _restore_triggers(self, *, all_of_them: bool) -> Iterator[Statement]:
        for trigger in self.catalog.triggers:
            if not self._moves(trigger.table):
                continue
            if all_of_them:
                yield Statement(trigger.definition)
            elif self.runs_on_workers(trigger):
                yield from map(Statement, _of_shards_and_whole(trigger))
            else:
                yield Statement(
                    "",
                    f"no trigger {trigger.name} on {trigger.table}: {trigger.function} reaches"
                    " rows that are not beside it",
                )


def _of_shards_and_whole(trigger: Trigger) -> Iterator[str]:
    """Return a trigger as shards take it: Citus gives them none that names TRUNCATE.

    Of the whole table a TRUNCATE is refused by a trigger of its own, which stays where it is.
    """
    events = re.compile(rf"(?<= {trigger.name} )(BEFORE|AFTER) ([A-Z ]+?)(?= ON )")
    when, listed = events.search(trigger.definition).groups()  # type: ignore[union-attr]
    listed = listed.split(" OR ")
    if "TRUNCATE" not in listed:
        yield trigger.definition
        return
    if rest := [event for event in listed if event != "TRUNCATE"]:
        yield events.sub(f"{when} {' OR '.join(rest)}", trigger.definition)
    whole = events.sub(f"{when} TRUNCATE", trigger.definition)
    yield whole.replace(f" {trigger.name} ", f" {trigger.name}_at_all ", 1)


def _settings() -> Iterator[Statement]:
    # Each node asks its own.
    for name, value in SETTINGS.items():
        yield _on_each_node(f"citus.{name}", value)
        yield Statement(f"SET citus.{name} TO {value}")
    # A session of ours has them from its connection, those between nodes from the database.
    for name, value in settings.DATABASE_LIMITS.items():
        yield _on_each_node(name, f"''{value}''")


def _on_each_node(name: str, value: str) -> Statement:
    return Statement(
        "SELECT run_command_on_all_nodes(format("
        f"'ALTER DATABASE %I SET {name} TO {value}', current_database()))"
    )


def _with_column(key: Key, column: str, *, note: str) -> Iterator[Statement]:
    if key.is_constraint:
        yield Statement(f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}")
        # Last, so that what is looked for by its id alone is still found by an index.
        wider = key.constraint.replace(")", f", {column})", 1)
        yield Statement(f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {wider}", note)
    else:
        yield Statement(f"DROP INDEX {key.name}")
        yield Statement(re.sub(r"(USING \w+ \()", rf"\1{column}, ", key.definition, count=1), note)
