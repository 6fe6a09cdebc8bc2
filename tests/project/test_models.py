"""Another feature's models are types and foreign-key targets: its queries read, its services write.

Who imports them at run time could do either past them. Exempt are everybody's customer, and the
roof, which knows all.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPS = ("krak", "fx", "holdings", "cards")
FLOOR = ("krak.customers",)
"""Whose models all may import."""
ROOF = ("krak.backoffice", "krak.sandbox", "krak.runtime", "krak.live", "krak.privacy")
"""Who may import all models."""
TYPES_ONLY = ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Return all that is run: what stands under `if TYPE_CHECKING:` is not."""
    run = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test) in TYPES_ONLY:
        run = iter(node.orelse)
    for child in run:
        yield child
        yield from _at_run_time(child)


def _features(source: str) -> set[str]:
    """Return the features whose models a module imports at run time."""
    names: set[str] = set()
    for node in _at_run_time(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{each.name}" for each in node.names}
    found = (name.split(".") for name in names)
    return {
        ".".join(parts[: parts.index("models")])
        for parts in found
        if parts[0] in APPS and "models" in parts
    }


def _is_in(module: str, *packages: str) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def test_no_module_imports_another_features_models_at_run_time() -> None:
    found = [
        f"{module} imports {feature}.models"
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        for module in [".".join(path.relative_to(ROOT).with_suffix("").parts)]
        if not _is_in(module, *ROOF)
        for feature in sorted(_features(path.read_text()))
        if not _is_in(feature, *FLOOR) and not _is_in(module, feature)
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "from holdings.lots.models import Lot",
        "from holdings.lots.models.open import Lot",
        "from holdings.lots import models",
        "import holdings.lots.models as lots",
        "def late():\n    from holdings.lots.models import Lot",
        "if not TYPE_CHECKING:\n    from holdings.lots.models import Lot",
        "if TYPE_CHECKING:\n    pass\nelse:\n    from holdings.lots.models import Lot",
    ],
)
def test_an_import_is_seen_wherever_it_stands(source: str) -> None:
    assert _features(source) == {"holdings.lots"}


@pytest.mark.parametrize(
    "source",
    [
        "if TYPE_CHECKING:\n    from holdings.lots.models import Lot",
        "if typing.TYPE_CHECKING:\n    from holdings.lots.models import Lot",
        "from holdings.lots import queries",
        "from django.db import models",
    ],
)
def test_types_and_other_rooms_are_free(source: str) -> None:
    assert not _features(source)
