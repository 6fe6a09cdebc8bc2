"""What the database has: tables, keys, foreign keys, triggers, functions, as its catalog says."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

_TABLES: Final = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum),
       array_agg(a.attname::text) FILTER (WHERE a.attnotnull)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
   AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
 GROUP BY c.relname
"""
_KEYS: Final = """
SELECT t.relname, k.relname, i.indisprimary, coalesce(n.contype IN ('p', 'u'), false),
       ARRAY(SELECT a.attname::text
               FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS c(number, place)
               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.number
              ORDER BY c.place),
       pg_get_indexdef(i.indexrelid), coalesce(pg_get_constraintdef(n.oid), '')
  FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class k ON k.oid = i.indexrelid
  LEFT JOIN pg_constraint n ON n.conindid = i.indexrelid AND n.contype IN ('p', 'u')
 WHERE i.indisunique AND t.relnamespace = 'public'::regnamespace AND NOT t.relispartition
 ORDER BY 1, 3 DESC, 2
"""
_REFERENCES: Final = """
SELECT n.conname, s.relname, t.relname,
       ARRAY(SELECT a.attname::text FROM unnest(n.conkey) WITH ORDINALITY AS c(number, place)
               JOIN pg_attribute a ON a.attrelid = s.oid AND a.attnum = c.number ORDER BY c.place),
       ARRAY(SELECT a.attname::text FROM unnest(n.confkey) WITH ORDINALITY AS c(number, place)
               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.number ORDER BY c.place),
       CASE WHEN n.condeferrable THEN ' DEFERRABLE' ELSE '' END
           || CASE WHEN n.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END
  FROM pg_constraint n JOIN pg_class s ON s.oid = n.conrelid JOIN pg_class t ON t.oid = n.confrelid
 WHERE n.contype = 'f' AND s.relnamespace = 'public'::regnamespace AND NOT s.relispartition
 ORDER BY 2, 1
"""
_TRIGGERS: Final = """
SELECT c.relname, g.tgname, f.proname, pg_get_triggerdef(g.oid)
  FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc f ON f.oid = g.tgfoid
 WHERE NOT g.tgisinternal AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
 ORDER BY 1, 2
"""
_FUNCTIONS: Final = """
SELECT p.proname,
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, place)
              ORDER BY place),
       coalesce(p.proargnames[1], ''), p.prosrc
  FROM pg_proc p
 WHERE p.pronamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
 ORDER BY p.oid
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its columns; partitions are their parent's."""

    name: str
    columns: Sequence[str]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class Key:
    """A primary key, a unique constraint or a unique index."""

    table: str
    name: str
    is_primary: bool
    is_constraint: bool
    columns: Sequence[str]
    """Without expressions."""
    definition: str
    """`CREATE UNIQUE INDEX …`"""
    constraint: str
    """`UNIQUE (…)`, if it is one."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key."""

    name: str
    table: str
    target: str
    columns: Sequence[str]
    target_columns: Sequence[str]
    timing: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of ours."""

    table: str
    name: str
    function: str
    definition: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function of ours; `words` are all names in its body."""

    name: str
    types: Sequence[str]
    first: str
    words: frozenset[str]

    @property
    def signature(self) -> str:
        """The name with the types of its arguments."""
        return f"{self.name}({', '.join(self.types)})"


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything of ours in the database."""

    tables: Mapping[str, Table]
    keys: Mapping[str, Sequence[Key]]
    references: Sequence[Reference]
    triggers: Sequence[Trigger]
    functions: Mapping[str, Function]

    def words_of(self, function: str) -> frozenset[str]:
        """Return all names in a function and in those that it calls."""
        seen: set[str] = set()
        found: set[str] = set()
        waiting = [function]
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self.functions:
                continue
            seen.add(name)
            found |= self.functions[name].words
            waiting += [word for word in self.functions[name].words if word in self.functions]
        return frozenset(found)


def read() -> Catalog:
    """Return what the database has now."""
    keys: dict[str, list[Key]] = defaultdict(list)
    for row in _rows(_KEYS):
        keys[row[0]].append(Key(*row))
    functions = [
        Function(name, types, first, _words(source))
        for name, types, first, source in _rows(_FUNCTIONS)
    ]
    tables = [
        Table(name, columns, frozenset(needed or ())) for name, columns, needed in _rows(_TABLES)
    ]
    return Catalog(
        tables={table.name: table for table in sorted(tables, key=lambda table: table.name)},
        keys=keys,
        references=[Reference(*row) for row in _rows(_REFERENCES)],
        triggers=[Trigger(*row) for row in _rows(_TRIGGERS)],
        functions={function.name: function for function in functions},
    )


def has_citus() -> bool:
    """Tell whether this database has the extension."""
    return bool(_rows("SELECT FROM pg_extension WHERE extname = 'citus'"))


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _words(source: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", re.sub(r"--[^\n]*", "", source)))
