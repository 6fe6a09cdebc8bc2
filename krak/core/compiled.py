"""Queries that Django writes once, and Postgres prepares: SQL costs several times its answer.

    @compiled
    def _accounts(customer_id: UUID) -> QuerySet[LedgerAccount]:
        return LedgerAccount.objects.filter(customer_id=customer_id).order_by("currency")

    _accounts(customer_id)  # a list
    _accounts.first(customer_id)  # one, or None

What the function builds at the first call is kept, with gaps where its arguments stood, and later
calls fill those in. So an argument is a value to compare with: the function itself sees a gap, and
can neither branch on it nor cut by it, and what else it works out holds for good. Several values
are compared with by `field__any`, for which none ask nothing.

For what is asked all day: `python -m bench` shows what that costs (docs/performance.md).
"""

from collections.abc import Callable, Collection
from copy import copy
from enum import Enum
from inspect import signature
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, ForeignObject, Lookup, QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.where import AND, WhereNode

from krak.core.functions import rows


class Compiled[**P, Row]:
    """Asks for the rows of the queryset that `write` builds."""

    def __init__(self, write: Callable[P, QuerySet[Any, Row]]) -> None:
        self.__doc__ = write.__doc__
        self._write: Callable[..., QuerySet[Any, Row]] = write
        self._names = tuple(signature(write).parameters)
        self._written: QuerySet[Any, Row] | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[Row]:
        """Return the rows.

        Raises:
            TypeError: an argument is None, which SQL holds nothing equal to.
        """
        if self._written is None:
            self._written = _written(self._write(**{name: _Gap(name) for name in self._names}))
        asked = self._written.all()
        query: Any = asked.query
        given = dict(zip(self._names, args, strict=False)) | kwargs
        values = {name: _plain(name, value) for name, value in given.items()}
        if not all(values[name] for name in query.needed):
            return []
        query.values_of_gaps = values
        return list(asked)

    def first(self, *args: P.args, **kwargs: P.kwargs) -> Row | None:
        """Return the first of the rows, or None; all of them are read.

        Raises:
            TypeError: an argument is None, which SQL holds nothing equal to.
        """
        found = self(*args, **kwargs)
        return found[0] if found else None


def compiled[**P, Row](write: Callable[P, QuerySet[Any, Row]]) -> Compiled[P, Row]:
    """Return what asks for the rows of the queryset that the decorated function builds."""
    return Compiled(write)


class _Gap(Expression):
    """Stands where a value will."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, *_: Any, **__: Any) -> Any:
        return "%s", [self]


class _WrittenQuery(Query):
    """A query whose SQL is known; copies of it share all but the values of one call."""

    writer: SQLCompiler
    needed: frozenset[str]
    """Gaps that no row is found without a value for."""
    values_of_gaps: dict[str, Any]

    def chain(self, klass: Any = None) -> "_WrittenQuery":
        again = object.__new__(_WrittenQuery)
        again.__dict__ = self.__dict__.copy()
        return again

    def get_compiler(self, using: Any = None, *_: Any, **__: Any) -> Any:
        again: Any = copy(self.writer)
        again.query, again.connection = self, connections[using]
        return again


class _Filler(SQLCompiler):
    """Has written its SQL, and asks it with values filled in."""

    written: tuple[str, tuple[Any, ...]]
    converters: Any
    query: _WrittenQuery

    def execute_sql(self, *_: Any, **__: Any) -> Any:
        statement, parameters = self.written
        values = self.query.values_of_gaps
        filled = [values[each.name] if isinstance(each, _Gap) else each for each in parameters]
        found = rows(statement, filled)
        # What DISTINCT sorts by follows the columns that are asked for.
        return [[row[: self.col_count] for row in found] if self.has_extra_select else found]

    def get_converters(self, expressions: Any) -> Any:
        return self.converters


def _written[Row](asked: QuerySet[Any, Row]) -> QuerySet[Any, Row]:
    query: Any = asked.query
    writer = query.get_compiler(DEFAULT_DB_ALIAS)
    writer.written = writer.as_sql()
    writer.converters = writer.get_converters([column[0] for column in writer.select])
    writer.__class__, query.__class__ = _Filler, _WrittenQuery
    query.writer, query.needed = writer, _needed(query.where)
    return asked


def _needed(where: WhereNode) -> frozenset[str]:
    """Return the gaps for several values of which a row must have one, whatever else holds."""
    if where.negated or where.connector != AND:
        return frozenset()
    return frozenset(
        each.rhs.name
        for each in where.children
        if isinstance(each, AnyOf) and isinstance(each.rhs, _Gap)
    )


def _plain(name: str, value: Any) -> Any:
    """Return a value as psycopg takes it."""
    if value is None:
        raise TypeError(f"{name} is None, which SQL holds nothing equal to")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        return [_plain(name, each) for each in value]
    return value


@ForeignObject.register_lookup
@Field.register_lookup
class AnyOf(Lookup):
    """`field__any=values`: equal to one of them, however many; none for none."""

    lookup_name = "any"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return `field = ANY(values)`."""
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return f"{left} = ANY({right})", (*left_values, *right_values)
