"""Stripe's schemas, read strictly: no field that they do not have, none missing, known values."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from krak.sandbox.issuer import rendering
from tests.issuer import FakeIssuer

FIXTURES = Path(__file__).parents[1] / "fixtures" / "stripe"
OPEN = {
    # Stripe's mobile SDKs look for it, though no schema has it.
    "ephemeral_key": {"associated_objects": {"type": "array"}},
}


@cache
def validator(kind: str) -> jsonschema.Draft202012Validator | None:
    """Return what judges objects of a kind; None where Stripe's fixtures have no schema."""
    path = FIXTURES / f"schema_{kind}.json"
    if not path.exists():
        return None
    schema = _strict(json.loads(path.read_text()))
    schema["properties"] |= OPEN.get(kind, {})
    # What Stripe's own example has is always there.
    schema["required"] = sorted(json.loads((FIXTURES / f"openapi_{kind}.json").read_text()))
    return jsonschema.Draft202012Validator(schema)


def _strict(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {name: _strict(part) for name, part in schema.items()}
    if "x-all-fields" in strict:
        strict["additionalProperties"] = False
    if "x-known-values" in strict:
        strict["enum"] = strict["x-known-values"]
    return strict


def require_shapes(value: Any) -> None:
    """Fail where an object in `value`, or one that it contains, is not as Stripe writes it."""
    if isinstance(value, list):
        for part in value:
            require_shapes(part)
    if not isinstance(value, dict):
        return
    kind = value.get("object")
    if isinstance(kind, str) and (judge := validator(kind)) is not None:
        problems = [f"{kind}{e.json_path[1:]}: {e.message[:300]}" for e in judge.iter_errors(value)]
        assert not problems, "\n".join(problems)
    if kind == "topup":
        expected = json.loads((FIXTURES / "openapi_topup.json").read_text())
        assert value.keys() == expected.keys() - {"initiated_by"}
    for part in value.values():
        require_shapes(part)


def require_shapes_of(issuer: FakeIssuer) -> None:
    """Fail where anything that the issuer keeps is not as Stripe writes it."""
    store = issuer.server.issuer.store
    for (stripe_id,) in store.query("SELECT id FROM documents"):
        document = store.find_any(stripe_id)
        assert document is not None
        require_shapes(rendering.show(store, document))
