"""What allauth serves is described at our addresses, and nothing that is not served."""

from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

import krak.identity.urls


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
