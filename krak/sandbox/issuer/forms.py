"""Form-encoded parameters with nested keys, and readers that say what is wrong with them.

A reader takes a decoded value and the parameter's name, and returns the value or refuses it as
Stripe does. `""` clears a field, where it may be cleared.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from krak.sandbox.issuer.errors import StripeProblem, invalid_param, missing_param

Reader = Callable[[Any, str], Any]
Spec = Mapping[str, Reader]

MOST_FIELDS: Final = 1000
DEEPEST: Final = 10
MOST_MINOR: Final = 99_999_999_999
_KEY: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")


def decode(text: str) -> dict[str, Any]:
    """Return nested parameters; `a[b][0]=c` is `{"a": {"b": ["c"]}}`.

    Raises:
        StripeProblem: a key is no key, too deep, or used as a value and as a table.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise StripeProblem("Invalid request: the parameters cannot be read.") from None
    tree: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            raise StripeProblem(f"Invalid request: {key} is no parameter.", param=key)
        path = [match[1], *_PART.findall(match[2])]
        if len(path) > DEEPEST:
            raise StripeProblem(f"Invalid request: {key} is too deep.", param=key)
        _put(tree, path, value, key)
    return {name: _listed(value) for name, value in tree.items()}


def _put(tree: dict[str, Any], path: list[str], value: str, key: str) -> None:
    *folders, last = path
    for name in folders:
        tree = tree.setdefault(name or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise StripeProblem(f"Invalid request: {key} is a value and a table.", param=key)
    last = last or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise StripeProblem(f"Invalid request: {key} is a value and a table.", param=key)
    tree[last] = value


def _listed(value: Any) -> Any:
    """Return a table whose keys are 0, 1, … as a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(part) for name, part in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def read(params: Mapping[str, Any], spec: Spec, *, under: str = "") -> dict[str, Any]:
    """Return the parameters that are given, read; what the spec does not name is refused."""
    found = {}
    for name, value in params.items():
        param = f"{under}[{name}]" if under else name
        if name not in spec:
            raise StripeProblem(
                f"Received unknown parameter: {param}", code="parameter_unknown", param=param
            )
        found[name] = spec[name](value, param)
    return found


def require(params: Mapping[str, Any], *names: str, under: str = "") -> None:
    """Refuse parameters that lack one of `names`."""
    for name in names:
        if params.get(name) is None:
            raise missing_param(f"{under}[{name}]" if under else name)


def text(longest: int = 5000) -> Reader:
    """Return a reader of text that is not empty."""

    def reader(value: Any, param: str) -> str:
        if not isinstance(value, str):
            raise invalid_param(param, f"Invalid string: {value}")
        if not value:
            raise StripeProblem(
                f"You passed an empty string for '{param}'.",
                code="parameter_invalid_empty",
                param=param,
            )
        if len(value) > longest:
            raise StripeProblem(
                f"Invalid string: {value[:20]}…; must be at most {longest} characters",
                code="parameter_invalid_string",
                param=param,
            )
        return value

    return reader


def matching(pattern: str, what: str) -> Reader:
    """Return a reader of text in a form that `what` names."""
    compiled = re.compile(pattern)

    def reader(value: Any, param: str) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise invalid_param(param, f"Invalid {what}: {value}")
        return value

    return reader


def integer(least: int = 0, most: int = MOST_MINOR) -> Reader:
    """Return a reader of a whole number within bounds."""

    def reader(value: Any, param: str) -> int:
        if not isinstance(value, str) or not _INTEGER.fullmatch(value):
            raise StripeProblem(
                f"Invalid integer: {value}", code="parameter_invalid_integer", param=param
            )
        number = int(value)
        if not least <= number <= most:
            raise StripeProblem(
                f"Invalid integer: {value}; must be from {least} to {most}",
                code="parameter_invalid_integer",
                param=param,
            )
        return number

    return reader


def boolean(value: Any, param: str) -> bool:
    """Read `true` or `false`."""
    if value not in {"true", "false"}:
        raise invalid_param(param, f"Invalid boolean: {value}")
    return bool(value == "true")


def one_of(*words: str) -> Reader:
    """Return a reader of one of these words."""

    def reader(value: Any, param: str) -> str:
        if value not in words:
            raise invalid_param(param, f"Invalid {param}: must be one of {', '.join(words)}")
        return str(value)

    return reader


def listed(inner: Reader) -> Reader:
    """Return a reader of a list."""

    def reader(value: Any, param: str) -> list[Any]:
        if not isinstance(value, list):
            raise invalid_param(param, "Invalid array")
        return [inner(part, f"{param}[{number}]") for number, part in enumerate(value)]

    return reader


def table(spec: Spec, *required: str) -> Reader:
    """Return a reader of a nested table."""

    def reader(value: Any, param: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid_param(param, "Invalid object")
        found = read(value, spec, under=param)
        require(found, *required, under=param)
        return found

    return reader


def clearable(inner: Reader) -> Reader:
    """Return a reader of a field that `""` clears: it is None then."""

    def reader(value: Any, param: str) -> Any:
        return None if value == "" else inner(value, param)

    return reader


def metadata(value: Any, param: str) -> dict[str, str]:
    """Read metadata; `""` clears all of it, and an empty value its key."""
    if value == "":
        return {}
    if not isinstance(value, dict) or any(not isinstance(part, str) for part in value.values()):
        raise invalid_param(param, "Metadata is a table of texts.")
    return value


def anything(value: Any, _param: str) -> Any:
    """Read what Stripe takes and this fake does nothing with."""
    return value


currency: Final = matching(r"[a-z]{3}", "currency")
country: Final = matching(r"[A-Z]{2}", "country")


def merged(kept: dict[str, str], given: Any, *, all_cleared: bool) -> dict[str, str]:
    """Return metadata with what was given on top; empty values leave."""
    if all_cleared:
        return {}
    return {name: value for name, value in {**kept, **given}.items() if value != ""}
