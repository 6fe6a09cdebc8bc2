"""The OpenAPI schema is valid, knows every answer, and shows one of each."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator

from tests.api.schema import Operation, operations, schema
from tests.project.test_errors import PAGE

JSON = "application/json"


def test_the_schema_is_valid_and_complete(tmp_path: Path) -> None:
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml")
    )


def _examples(operation: Operation) -> list[tuple[str, dict[str, Any], Any]]:
    """Return the examples of a body and of all its answers, each with what it must fit."""
    bodies = [("request", operation.body or {})]
    bodies += [
        (status, answer["content"][JSON])
        for status, answer in operation.about["responses"].items()
        if JSON in answer.get("content", {})
    ]
    return [
        (where, body["schema"], each["value"])
        for where, body in bodies
        if body
        for each in body["examples"].values()
    ]


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_body_has_examples_and_all_of_them_fit(operation: Operation) -> None:
    for where, described, value in _examples(operation):
        whole = described | {"components": schema()["components"]}
        wrong = [error.message for error in Draft202012Validator(whole).iter_errors(value)]
        assert not wrong, (where, value, wrong)


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_operation_says_who_may_ask_what_it_does_and_how_it_refuses(
    operation: Operation,
) -> None:
    about = operation.about

    assert about["operationId"]
    assert about["tags"]
    assert about["description"]
    assert " ".join(about["description"].split()).startswith(about["summary"])
    assert "/v1" not in about["summary"]
    assert len(about["summary"]) < 160
    assert "503" in about["responses"]
    assert operation.is_open or "401" in about["responses"]
    assert not operation.names or "404" in about["responses"]
    for status, answer in about["responses"].items():
        if status < "4":
            assert {"Request-Id", "Krak-Version"} <= set(answer["headers"]), status


def test_operation_ids_are_unique() -> None:
    ids = [each.about["operationId"] for each in operations()]
    assert len(set(ids)) == len(ids)


def test_every_refusal_has_an_example_of_itself() -> None:
    documented = set(re.findall(r"^\| `([a-z_]+\.[a-z_.]+)` \|", PAGE.read_text(), re.MULTILINE))
    shown: dict[str, Any] = {}
    for answer in schema()["components"]["responses"].values():
        for code, example in answer["content"]["application/problem+json"]["examples"].items():
            shown[code] = example["value"]
            assert example["value"]["code"] == code

    assert set(shown) == documented
    problem = {"$ref": "#/components/schemas/Problem", "components": schema()["components"]}
    for value in shown.values():
        Draft202012Validator(problem).validate(value)


@pytest.mark.parametrize(
    "operation", [each for each in operations() if each.method == "get"], ids=str
)
def test_an_object_says_what_it_is(operation: Operation) -> None:
    """An object with an id has `object` and `created_at` too, wherever it stands in an answer."""
    for _where, _described, value in _examples(operation):
        for found in _objects(value):
            if "_01" in str(found.get("id", "")):
                assert {"object", "created_at"} <= set(found), found


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(each for inner in value.values() for each in _objects(inner))]
    if isinstance(value, list):
        return [each for inner in value for each in _objects(inner)]
    return []


def test_who_opens_the_bare_address_is_led_to_the_docs() -> None:
    assert Client().get("/", follow=True).redirect_chain == [("/v1/docs", 302)]


def test_what_did_not_change_is_not_sent_again(world: Any) -> None:
    for path in ("/v1/portfolio", "/v1/authorizations", "/v1/orders", "/v1/notifications"):
        headers = {"Authorization": f"Bearer {world.known.token}"}
        first = Client().get(path, headers=headers)
        again = Client().get(path, headers=headers | {"If-None-Match": first["ETag"]})
        other = Client().get(path, headers=headers | {"If-None-Match": '"other"'})

        assert first.status_code == 200
        assert (again.status_code, again.content) == (304, b"")
        assert (other.status_code, json.loads(other.content)) == (200, first.json())
        assert again["Krak-Version"] == schema()["info"]["version"]
        assert again["Request-Id"]


def test_its_version_is_the_newest_date_of_the_changelog() -> None:
    changes = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()

    assert re.findall(r"^## (\S+)$", changes, re.MULTILINE)[0] == schema()["info"]["version"]
