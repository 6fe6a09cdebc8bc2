"""The schema as a client reads it, and its operations one by one."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from krak.api.openapi import METHODS


def schema() -> dict[str, Any]:
    """Return the schema of the addresses in force."""
    return _schema(settings.ROOT_URLCONF)


@cache
def _schema(urls: str) -> dict[str, Any]:
    made = SchemaGenerator().get_schema(request=None, public=True)
    read: dict[str, Any] = json.loads(OpenApiJsonRenderer().render(made))
    return read


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def about(self) -> dict[str, Any]:
        described: dict[str, Any] = schema()["paths"][self.path][self.method]
        return described

    @property
    def is_open(self) -> bool:
        """Whether nobody needs to sign in for it."""
        return not any(self.about.get("security", []))

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema and the examples of its JSON body."""
        content = self.about.get("requestBody", {}).get("content", {})
        found: dict[str, Any] | None = content.get("application/json")
        return found

    @property
    def example(self) -> Any:
        """The first example of its body."""
        return next(iter(self.body["examples"].values()))["value"] if self.body else None

    @property
    def keyed(self) -> bool:
        """Whether a repeat with the same `Idempotency-Key` is answered as the first time."""
        return any(each["name"] == "Idempotency-Key" for each in self.about["parameters"])

    @property
    def needs_key(self) -> bool:
        """Whether it is refused without one."""
        return any(
            each["name"] == "Idempotency-Key" and each.get("required", False)
            for each in self.about["parameters"]
        )

    @property
    def names(self) -> list[str]:
        """The parameters in its path."""
        return [each["name"] for each in self.about["parameters"] if each["in"] == "path"]


def operations() -> list[Operation]:
    return list(_operations())


def _operations() -> Iterator[Operation]:
    for path, item in schema()["paths"].items():
        for method in METHODS:
            if method in item:
                yield Operation(method, path)


def resolved(described: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema that may be a reference is."""
    while "$ref" in described:
        described = schema()["components"]["schemas"][described["$ref"].rpartition("/")[2]]
    for key in ("allOf", "oneOf", "anyOf"):
        if key in described:
            return resolved(described[key][0])
    return described
