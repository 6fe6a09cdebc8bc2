"""docs/dependencies.md names each direct dependency, at the version that is pinned."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([a-z0-9-]+) \| ([0-9][\w.]*) \| (.+) \|$", re.MULTILINE)


def _pinned(lines: list[str]) -> dict[str, str]:
    return {
        name.partition("[")[0]: version
        for name, _, version in (line.partition("==") for line in lines)
    }


def _sections() -> list[dict[str, tuple[str, list[str]]]]:
    """Return, for each section of the page, package → (version, its other cells)."""
    text = (ROOT / "docs" / "dependencies.md").read_text()
    return [
        {name: (version, rest.split(" | ")) for name, version, rest in ROW.findall(section)}
        for section in text.split("\n## ")[1:]
    ]


def test_each_direct_dependency_is_on_the_page_at_its_version() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        told["project"]["dependencies"],
        told["project"]["optional-dependencies"]["tracing"],
        told["dependency-groups"]["dev"],
    ]

    for lines, section in zip(wanted, _sections(), strict=True):
        assert {name: version for name, (version, _) in section.items()} == _pinned(lines)


def test_of_what_production_runs_nothing_is_left_unsaid() -> None:
    for name, (_version, cells) in _sections()[0].items():
        assert len(cells) == 5, name
        assert all(cell.strip() for cell in cells), name
