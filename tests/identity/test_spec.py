"""What allauth serves is described at our addresses, and nothing that is not served."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

import krak.identity.urls
from krak.api.openapi import operations


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    described: dict[str, Any] = Client().get("/v1/auth/openapi.json").json()
    return described


def test_every_address_of_allauths_is_described_and_no_other(spec: dict[str, Any]) -> None:
    served = {f"/v1/{each.pattern}" for each in krak.identity.urls.urlpatterns}

    assert set(spec["paths"]) == served - {"/v1/auth/openapi.json"}
    assert all(resolve(path) for path in spec["paths"])


def test_it_asks_for_what_our_sign_up_asks(spec: dict[str, Any]) -> None:
    signup = spec["components"]["schemas"]["BaseSignup"]

    assert set(signup["properties"]) == {"email", "country", "name"}
    assert signup["required"] == ["email", "country"]


def test_there_is_one_kind_of_client(spec: dict[str, Any]) -> None:
    assert "{client}" not in str(spec["paths"])
    assert "parameters/Client" not in str(spec)


def test_what_our_own_door_refuses_is_described(spec: dict[str, Any]) -> None:
    for method, operation in operations(spec):
        described = set(operation["responses"])
        assert described >= ({"503"} if method == "get" else {"413", "429", "503"})
    busy = spec["components"]["responses"]["Unavailable"]["content"]["application/problem+json"]
    assert "identity.busy" in busy["examples"]
    for reference in re.findall(r"'#/components/(\w+)/(\w+)'", str(spec)):
        kind, name = reference
        assert name in spec["components"][kind], reference
