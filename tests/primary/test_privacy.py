"""Whoever leaves is forgotten: wallets and words go, amounts stay in the books."""

import json

import pytest

from holdings.ledger import queries as ledger
from holdings.primary.models import PaperOrder, Party, Request
from holdings.primary.services import decisions
from krak.core import clock, sealing
from krak.core.outbox import services as outbox
from krak.privacy.models import SealedFacts
from tests.people import Known
from tests.primary.world import accept, made, subscribe, wallet_of, work
from tests.privacy.test_privacy import erase, found_anywhere, leave

pytestmark = pytest.mark.django_db


def test_nobody_is_erased_while_the_issuer_or_staff_have_something_of_theirs(ada: Known) -> None:
    request = made(subscribe(ada))

    def obstacles() -> list[str]:
        return [each["code"] for each in ada.get("/v1/me/erasure").json()["obstacles"]]

    assert "primary_requests_open" in obstacles()
    accept(request)
    assert "primary_requests_open" in obstacles()
    work()
    assert "primary_requests_open" not in obstacles()


def test_after_an_erasure_nothing_says_the_wallet_or_what_staff_wrote(ada: Known) -> None:
    wallet = wallet_of(ada)
    rejected, settled = made(subscribe(ada, "5000.00")), made(subscribe(ada))
    decisions.reject(request_id=rejected.id, reason="Ask Zebedee first.", now=clock.now())
    accept(settled)
    work()
    assert len(found_anywhere([wallet])) == 2
    leave(ada)

    done = erase(ada)
    outbox.drain(now=clock.now())

    assert done.status_code == 201, done.content
    assert found_anywhere([wallet]) == []
    party = Party.objects.get(customer=ada.customer)
    assert (party.wallet, party.ended_because) == ("erased", "erased")
    assert party.ended_at is not None
    rows = Request.objects.filter(customer=ada.customer).order_by("id")
    assert list(rows.values_list("failure", "cash", "price")) == [
        ("erased", 5000, None), ("", 10200, 200),
    ]  # fmt: skip
    assert PaperOrder.objects.get().wallet == ""
    kept = json.loads(sealing.unseal(SealedFacts.objects.get(customer=ada.customer).sealed))
    assert kept["primary.Party"] == [{"network": "solana", "wallet": wallet}]
    assert ledger.breaks() == []
