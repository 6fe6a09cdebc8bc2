"""What a handler is given, and what it may return besides one document."""

from dataclasses import dataclass, field
from typing import Any

from krak.sandbox.issuer import forms
from krak.sandbox.issuer.errors import StripeProblem
from krak.sandbox.issuer.issuer import Issuer
from krak.sandbox.issuer.store import Document


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the id in its address and its decoded parameters, without `expand`."""

    issuer: Issuer
    id: str
    params: dict[str, Any]
    version: str

    def read(self, spec: forms.Spec) -> dict[str, Any]:
        """Return the parameters, read."""
        return forms.read(self.params, spec)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the documents that were asked for, and whether there are more beyond them."""

    data: list[Document]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer that is no document: it goes out as it is."""

    body: dict[str, Any] = field(default_factory=dict)


_TIME = forms.integer(0, 10**11)


def _created(value: Any, param: str) -> dict[str, int]:
    if isinstance(value, str):
        moment = _TIME(value, param)
        return {"gte": moment, "lte": moment}
    bounds: dict[str, int] = forms.table(dict.fromkeys(("gt", "gte", "lt", "lte"), _TIME))(
        value, param
    )
    return bounds


def page(call: Call, kind: str, filters: forms.Spec) -> Page:
    """Return one page of a list, the newest first, filtered by fields of these names.

    Raises:
        StripeProblem: both cursors at once, one that names nothing, or a bad limit.
    """
    asked = call.read(
        {
            **filters,
            "created": _created,
            "ending_before": forms.text(),
            "limit": forms.integer(1, 100),
            "starting_after": forms.text(),
        }
    )
    limit, created = asked.pop("limit", 10), asked.pop("created", None)
    after, before = asked.pop("starting_after", None), asked.pop("ending_before", None)
    if after and before:
        raise StripeProblem("You can't use both ending_before and starting_after.")
    beside = None
    if cursor := after or before:
        call.issuer.get(kind, cursor, param="starting_after" if after else "ending_before")
        beside = ("older" if after else "newer", cursor)
    found = call.issuer.store.select(kind, asked, created=created, beside=beside, limit=limit + 1)
    has_more = len(found) > limit
    if before and has_more:
        found = found[1:]
    return Page(found[:limit], has_more)
