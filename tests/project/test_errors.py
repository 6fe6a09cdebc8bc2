"""Every code that a client may meet is in docs/errors.md, and no other."""

import importlib
import pkgutil
import re
from pathlib import Path

import cards
import fx
import holdings
import krak
from cards.authorizations.rules.decision import Decline
from krak.api.problems import OF_FRAMEWORK
from krak.core.errors import DomainError

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def _codes() -> dict[str, str]:
    for package in (krak, fx, holdings, cards):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not re.search(r"\.(migrations|management|runtime|wsgi|asgi)\b", module.name):
                importlib.import_module(module.name)
    found: dict[str, str] = {}
    waiting = list(DomainError.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        assert found.setdefault(kind.code, kind.title) == kind.title, kind.code
    return found


def test_every_refusal_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_.]+)` \| (.+?) \|", PAGE.read_text(), re.MULTILINE)
    codes = _codes()

    assert {code: title for code, title in rows if code in codes} == codes
    # What the framework refuses has codes of the API's own, and titles as fixed.
    titles = {code: title for code, (_status, title) in OF_FRAMEWORK.items()}
    assert dict(rows) == codes | titles
    assert {code: title for code, title in titles.items() if code in codes} == {
        code: title for code, title in codes.items() if code in titles
    }


def test_every_decline_is_documented() -> None:
    page = PAGE.read_text()

    assert set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)) == {str(d) for d in Decline}
