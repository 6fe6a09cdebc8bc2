"""What conversions cost is told before anybody asks for one."""

from datetime import timedelta

import pytest

from fx.quotes.models import FeeSchedule
from krak.core import clock
from tests.people import Known
from tests.trading.test_quotes import ask

pytestmark = pytest.mark.django_db


def test_the_fees_in_force_are_those_that_a_quote_charges(ada: Known) -> None:
    now = clock.now()
    FeeSchedule.objects.create(
        effective_at=now, fee_bps=150, minimum_fee_usd="0.30", free_with=["USD"]
    )
    FeeSchedule.objects.create(
        effective_at=now + timedelta(days=1), fee_bps=900, minimum_fee_usd=0, free_with=[]
    )

    fees = ada.get("/v1/fees").json()

    assert (fees["fee_percent"], fees["free_with"]) == ("1.5", ["USD"])
    assert fees["minimum_fee"] == {"amount": "0.30", "currency": "USD"}
    assert fees["quotes_hold_seconds"] > 0
    assert ask(ada, "EUR", "BTC", sell_amount="100").json()["fee"]["amount"] == "1.50"
    assert ask(ada, "USD", "BTC", sell_amount="100").json()["fee"]["amount"] == "0.00"
