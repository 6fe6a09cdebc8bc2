"""`settle` returns only once nothing is on its way, wherever it is looked at."""

import pytest
from rest_framework.test import APIClient

from krak.sandbox.issuer.client import Deliveries
from krak.sandbox.views import whole

BUSY, ARRIVED, TOLD_MORE = Deliveries(1, ever=1), Deliveries(0, ever=1), Deliveries(0, ever=2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([BUSY, ARRIVED], id="arrived after the promises were counted"),
        pytest.param([ARRIVED, BUSY], id="sent off after they were counted"),
        pytest.param([ARRIVED, TOLD_MORE], id="sent off and arrived meanwhile"),
    ],
)
def test_a_webhook_between_two_looks_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, seen: list[Deliveries]
) -> None:
    looks = [*seen, TOLD_MORE, TOLD_MORE]
    monkeypatch.setattr(whole, "deliveries_of", lambda _url: looks.pop(0))

    response = APIClient().post("/v1/sandbox/settle")

    assert response.json() == {"pending": 0}
    assert looks == []
