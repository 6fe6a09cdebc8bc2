"""Amounts and bodies that look like something else are refused with a field error."""

import json

import pytest
from django.test import Client, RequestFactory

from holdings.statements.services import MonthNotOver
from krak.api.problems import exception_handler

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
    ("amount", "code", "detail"),
    [
        (
            "99999999999999999999",
            "too_large",
            "An amount is at most 999999999999999999.9999999999 here.",
        ),
        ("-1234567890123456789.5", "too_large", None),
        ("0.00000000001", "too_fine", "An amount has at most 10 decimals."),
        ("ten", "amount", 'An amount is a string like "12.99".'),
    ],
)
def test_an_amount_out_of_range_says_which_way(
    client: Client, amount: str, code: str, detail: str | None
) -> None:
    response = client.post(
        "/v1/sandbox/customers", json.dumps({"cash": amount}), content_type="application/json"
    )

    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == ("cash", code)
    assert error["detail"] == (detail or error["detail"])


@pytest.mark.parametrize(
    "body", ['{"cash": "1", "cash": "2"}', '{"cash": NaN}', "{", "[" * 5000, '{"a": "\\u0000"}']
)
def test_an_odd_body_is_a_problem(client: Client, body: str) -> None:
    response = client.post("/v1/sandbox/customers", body, content_type="application/json")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "api.parse_error"


def test_a_body_of_another_shape_names_no_field(client: Client) -> None:
    response = client.post("/v1/sandbox/customers", "[]", content_type="application/json")

    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == ("", "invalid")


def test_a_title_is_the_same_whatever_was_asked(client: Client) -> None:
    refused = client.patch("/v1/me/tag").json() | client.patch("/v1/sandbox/settle").json()

    assert (refused["code"], refused["title"], refused["detail"]) == (
        "api.method_not_allowed",
        "This address does not take that method.",
        'Method "PATCH" not allowed.',
    )


def test_options_are_neither_answered_nor_offered(client: Client) -> None:
    refused = client.options("/v1/sandbox/prices")

    assert (refused.status_code, refused["Allow"]) == (405, "PUT, DELETE")


def test_times_among_the_facts_are_written_as_everywhere() -> None:
    request = RequestFactory().get("/v1/orders")
    refusal = MonthNotOver(at="2026-12-01T00:00:00+00:00", months=2, name="x")
    response = exception_handler(refusal, {"request": request})

    assert response is not None
    assert response.data["facts"] == {"at": "2026-12-01T00:00:00Z", "months": 2, "name": "x"}


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
