"""Whatever is done in whatever order, a request, its money and its entry agree after every step."""

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdings.ledger.models import JournalEntry
from holdings.primary.gateway.base import Answer, Verdict
from holdings.primary.models import OPEN, PaperOrder, Request
from holdings.primary.rules import DECIDED_WITHIN, Fill
from holdings.primary.services import decisions, requests, submission
from krak.core import clock
from krak.core.errors import DomainError
from krak.core.ids import show
from tests.people import Known, new_customer
from tests.primary.world import accept, balance, books_hold, let_in, made, redeem, subscribe

pytestmark = pytest.mark.django_db

WORDS = st.sampled_from(
    ["accept", "reject", "cancel", "expire", "begin", "submit", "filled", "refused", "accepted"]
)
FILL = Fill(units=Decimal(50), cash=Decimal(10200), price=Decimal(200))


def step(known: Known, request: Request, word: str) -> None:
    now = clock.now()
    if word == "accept":
        accept(request)
    elif word == "reject":
        decisions.reject(request_id=request.id, reason="no", now=now)
    elif word == "cancel":
        known.send(f"/v1/primary/requests/{show('preq', request.id)}/cancel")
    elif word == "expire":
        requests.expire(now=now + DECIDED_WITHIN)
    elif word == "begin":
        submission._begin(request.id, now=now)
    elif word == "submit":
        submission.submit(request.id, now=now)
    else:
        verdict = Verdict(word.upper())
        fill = FILL if verdict is Verdict.FILLED else None
        submission.note(request.id, Answer(verdict, "iss-1", fill, "no"), now=now)


@given(words=st.lists(WORDS, max_size=8), redeeming=st.booleans())
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_request_and_its_money_agree_after_every_step(
    catalogue: None, market: Any, words: list[str], redeeming: bool
) -> None:
    known = new_customer(cash="10200", holdings={"AAPLx": "51"}, country="BR")
    let_in(known)
    request = made(redeem(known) if redeeming else subscribe(known))
    gives, given_up = ("AAPLx", 50) if redeeming else ("USD", 10200)
    has = {"AAPLx": Decimal(50), "USD": Decimal(10200)}

    for word in words:
        before = Request.objects.get(id=request.id).state
        with contextlib.suppress(DomainError):
            step(known, request, word)

        row = Request.objects.get(id=request.id)
        settled = row.state == "SETTLED"
        assert row.state == before or before in OPEN, (before, word)
        assert (row.ended_at is None) is (row.state in OPEN)
        entries = JournalEntry.objects.filter(cause=f"primary:{row.id}")
        assert [each.id for each in entries] == ([row.entry_id] if settled else [])
        for code, amount in has.items():
            sign = -1 if code == gives else 1
            moved = sign * (50 if code == "AAPLx" else 10200) if settled else 0
            held = given_up if code == gives and row.state in OPEN else 0
            assert balance(known, code) == (amount + moved, held), (before, word)
        assert PaperOrder.objects.filter(key=show("preq", row.id)).count() <= 1
        assert row.submitted_at is not None or not settled
        books_hold(known)
