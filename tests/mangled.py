"""Events with a field of their object changed to what it should never be."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

MISSING = object()


def changed(event: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the event with one field of its object changed, or of its own when it begins `/`."""
    found = deepcopy(event)
    where: Any = found if path.startswith("/") else found["data"]["object"]
    *steps, last = path.strip("/").split(".")
    for step in steps:
        where = where[int(step) if isinstance(where, list) else step]
    key = int(last) if isinstance(where, list) else last
    if value is MISSING:
        del where[key]
    else:
        where[key] = value
    return found


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_characters="\x00"), max_size=80),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["id", "a"]), st.text("abc", max_size=3), max_size=2),
)


def _paths(found: Any, path: str = "") -> list[str]:
    inner: list[tuple[str, Any]] = (
        list(found.items())
        if isinstance(found, dict)
        else [(str(n), value) for n, value in enumerate(found)]
        if isinstance(found, list)
        else []
    )
    return [
        deeper
        for name, value in inner
        for deeper in [f"{path}{name}", *_paths(value, f"{path}{name}.")]
    ]


def mangled(draw: Callable[[Any], Any], event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with up to three fields of its object changed or gone."""
    found = deepcopy(event)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(_paths(found["data"]["object"])))
        value = MISSING if draw(st.booleans()) and not path[-1].isdecimal() else draw(junk)
        found = changed(found, path, value)
    return found
