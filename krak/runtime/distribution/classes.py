"""What each table becomes: spread over the workers, copied to each of them, or left alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from krak.runtime.distribution.catalog import Catalog

CUSTOMERS: Final = "customers_customer"
COLUMN: Final = "customer_id"
ARGUMENT: Final = "p_customer"
"""The first argument of functions that run where a customer's rows are."""


class Kind(StrEnum):
    """Where the rows of a table lie."""

    DISTRIBUTED = "by customer"
    REFERENCE = "a copy on each node"
    KNOWN = "on the coordinator, known to each node"
    LOCAL = "on the coordinator"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table's rows lie, by which column, and why."""

    kind: Kind
    why: str
    column: str = ""


_EXPORTS: Final = "files on their way, each read by its own id; parts do not know their customer"
# What no catalog can tell. Each has a column of customers', or is pointed to from their rows.
BY_HAND: Final[Mapping[str, Place]] = {
    CUSTOMERS: Place(Kind.DISTRIBUTED, "whose rows all others are", "id"),
    "issuing_carddirectory": Place(
        Kind.REFERENCE, "Stripe names a card, and nobody knows yet whose it is"
    ),
    # A copy on each node is written under one lock for all rows, in a ring with locks of books.
    "outbox_outboxmessage": Place(Kind.KNOWN, "promised on any node, taken up on one"),
    "customers_user": Place(Kind.LOCAL, "people sign in before it is known where their rows are"),
    "customers_tag": Place(Kind.LOCAL, "no two tags of anybody look alike"),
    "exports_export": Place(Kind.LOCAL, _EXPORTS),
}

TO_ANOTHERS: Final = frozenset(
    {
        ("transfers_request", "transfer_id"),
        ("transfers_requestparty", "request_id"),
        ("transfers_transferparty", "transfer_id"),
    }
)
"""Keys to rows that may be another customer's. All others are `OwnKey`, as a test makes sure."""
READ_ANOTHERS: Final = frozenset({"transfers_guard_paid"})
"""Functions of triggers that read another customer's rows: no node has both."""


def places(catalog: Catalog) -> dict[str, Place]:
    """Return where each table of the database lies.

    A table whose rows all have a customer is distributed. One that is not, but is pointed to from
    those or read by what runs beside them, is a reference table. All others are left alone.
    """
    found = {
        name: Place(Kind.DISTRIBUTED, "each row is a customer's", COLUMN)
        for name, table in catalog.tables.items()
        if COLUMN in table.required and name not in BY_HAND
    } | {name: place for name, place in BY_HAND.items() if name in catalog.tables}
    distributed = {name for name, place in found.items() if place.kind is Kind.DISTRIBUTED}
    for reference in catalog.references:
        if reference.table in distributed:
            found.setdefault(
                reference.target, Place(Kind.REFERENCE, f"{reference.table} points to it")
            )
    for function in catalog.functions.values():
        if function.first == ARGUMENT:
            for word in catalog.words_of(function.name) & catalog.tables.keys():
                found.setdefault(word, Place(Kind.REFERENCE, f"{function.name} reads it"))
    for name in catalog.tables:
        found.setdefault(name, Place(Kind.LOCAL, "the house's, nobody's, or beside what is local"))
    return dict(sorted(found.items()))
