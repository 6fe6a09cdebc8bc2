"""A TypeScript client can be made from the schema, and the example that uses it compiles."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.schema import schema

# Its packages are installed into the checkout: by one process, not by two at once.
pytestmark = pytest.mark.xdist_group("typescript")

CLIENT = Path(__file__).parents[2] / "clients" / "typescript"
# node and npm are in the lock for development.
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def run(*command: str, cwd: Path) -> str:
    env = os.environ | {"PATH": PATH}
    done = subprocess.run(command, check=False, cwd=cwd, env=env, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{command}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the client with the types of today's schema."""
    lock, installed = CLIENT / "package-lock.json", CLIENT / "node_modules" / ".lock-of-krak"
    if not installed.exists() or installed.read_text() != lock.read_text():
        assert not run("npm", "ci", "--no-audit", "--no-fund", cwd=CLIENT)
        installed.write_text(lock.read_text())
    copy = tmp_path_factory.mktemp("client")
    shutil.copytree(CLIENT, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(CLIENT / "node_modules")
    (copy / "schema.json").write_text(json.dumps(schema()))
    assert not run("npm", "run", "generate", cwd=copy)
    return copy


def test_the_example_compiles_strictly(client: Path) -> None:
    assert not run("npm", "run", "check", cwd=client)


def test_what_the_schema_does_not_know_does_not_compile(client: Path) -> None:
    example = client / "src" / "example.ts"
    good = example.read_text()
    example.write_text(good.replace('sell: "EUR"', 'sells: "EUR"'))
    try:
        assert "sells" in run("npm", "run", "check", cwd=client)
    finally:
        example.write_text(good)


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (CLIENT / "package-lock.json").read_text()
