"""Amounts and bodies that look like something else are refused with a field error."""

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "amount",
    ["NaN", "Infinity", "1e400", "1E+30", "0x10", "1,000", "9" * 40, "１２.5", "٣", "1_000", " 5 ",
     1.1, 5, True, None, "", ".5", "5.", "+5", "--5", "1.00000000001"],
)  # fmt: skip
def test_an_odd_amount_is_a_field_error(client: Client, amount: object) -> None:
    response = client.post(
        "/v1/sandbox/customers", json.dumps({"cash": amount}), content_type="application/json"
    )

    assert response.status_code == 400
    body = response.json()
    assert body["code"] == "api.invalid"
    assert [error["field"] for error in body["errors"]] == ["cash"]


@pytest.mark.parametrize(
    "body", ['{"cash": "1", "cash": "2"}', '{"cash": NaN}', "{", "[" * 5000, '{"a": "\\u0000"}']
)
def test_an_odd_body_is_a_problem(client: Client, body: str) -> None:
    response = client.post("/v1/sandbox/customers", body, content_type="application/json")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "api.parse_error"


def test_an_unknown_field_is_named(client: Client) -> None:
    response = client.post(
        "/v1/sandbox/customers", json.dumps({"is_staff": True}), content_type="application/json"
    )

    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"field": "is_staff", "code": "unknown", "detail": "This field is unknown."}
    ]


def test_somebody_who_is_not_there_is_404(client: Client) -> None:
    for shown in ("cus_01h455vb4pex5vsknk084sn02q", "cus_x", "nonsense"):
        response = client.get(f"/v1/sandbox/customers/{shown}/position")
        assert (response.status_code, response.json()["code"]) == (404, "customers.not_found")
