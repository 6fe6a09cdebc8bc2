"""What is shown of a document: whole objects where Stripe embeds them, ids elsewhere, `expand`."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final

from krak.sandbox.issuer.errors import StripeProblem
from krak.sandbox.issuer.store import Document, Store

EMBEDDED: Final[dict[str, tuple[str, ...]]] = {
    "issuing.card": ("cardholder",),
    "issuing.authorization": ("card", "transactions", "balance_transactions"),
    "issuing.dispute": ("balance_transactions",),
}
EXPANDABLE: Final[dict[str, tuple[str, ...]]] = {
    "balance_transaction": ("source",),
    "issuing.authorization": ("cardholder", "token"),
    "issuing.card": ("replaced_by", "replacement_for"),
    "issuing.dispute": ("transaction",),
    "issuing.token": ("card",),
    "issuing.transaction": (
        "authorization",
        "balance_transaction",
        "card",
        "cardholder",
        "dispute",
        "token",
    ),
    "topup": ("balance_transaction",),
}


def show(store: Store, document: Document, expand: Iterable[str] = ()) -> Document:
    """Return what a client sees of a document.

    Raises:
        StripeProblem: `expand` names what cannot be expanded.
    """
    shown = deepcopy({name: document[name] for name in document if not name.startswith("_")})
    for name in EMBEDDED.get(document["object"], ()):
        shown[name] = _embedded(store, shown[name])
    for path in expand:
        _expand(store, shown, path.split("."), path)
    return shown


def _embedded(store: Store, value: Any) -> Any:
    if isinstance(value, list):
        return [_embedded(store, part) for part in value]
    found = store.find_any(value) if isinstance(value, str) else None
    return show(store, found) if found else value


def _expand(store: Store, shown: Any, path: list[str], whole: str) -> None:
    if not path or shown is None:
        return
    if isinstance(shown, list):
        for part in shown:
            _expand(store, part, path, whole)
        return
    first, *rest = path
    if not isinstance(shown, dict) or first not in shown:
        raise _not_expandable(whole)
    value = shown[first]
    if isinstance(value, str):
        if first not in EXPANDABLE.get(shown.get("object", ""), ()):
            raise _not_expandable(whole)
        found = store.find_any(value)
        if found is None:
            return
        shown[first] = show(store, found)
    elif value is not None and not isinstance(value, dict | list):
        raise _not_expandable(whole)
    _expand(store, shown[first], rest, whole)


def _not_expandable(path: str) -> StripeProblem:
    return StripeProblem(f"This property cannot be expanded ({path}).", param="expand")


def difference(before: Document, after: Document) -> Document:
    """Return what of `before` is not so any more: an event's `previous_attributes`."""
    found: Document = {}
    for name, value in before.items():
        now = after.get(name)
        if value == now:
            continue
        if isinstance(value, dict) and isinstance(now, dict) and "id" not in value:
            found[name] = difference(value, now)
        else:
            found[name] = value
    for name in after.keys() - before.keys():
        found[name] = None
    return found
