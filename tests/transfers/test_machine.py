"""Three people, money in any order between them, and the books hold after each step."""

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fx.prices import live
from holdings.ledger import queries as ledger
from holdings.ledger.models import JournalEntry
from holdings.transfers.models import (
    Request,
    RequestState,
    Transfer,
    TransferParty,
    TransferState,
)
from holdings.transfers.services import links, passes, payments, quoting, requests
from holdings.transfers.services.permission import sum_of
from krak.core import clock
from krak.core.errors import DomainError
from krak.core.transactions import transaction
from tests.people import new_customer
from tests.transfers.conftest import books_hold, not_ready, ready, tagged

people = st.integers(0, 2)
pairs = st.permutations([0, 1, 2]).map(lambda order: order[:2])
assets = st.sampled_from(["USD", "EUR", "BTC"])
SIZE = {"USD": Decimal(10), "EUR": Decimal(10), "BTC": Decimal("0.0002")}


class Between(RuleBasedStateMachine):
    """A model of who has how much, beside the real thing."""

    @initialize()
    def begin(self) -> None:
        self.known = [
            tagged(new_customer(cash="200", holdings={"EUR": "100", "BTC": "0.004"}, country="BR"))
            for _ in range(3)
        ]
        self.has: list[dict[str, Decimal]] = [
            {"USD": Decimal(200), "EUR": Decimal(100), "BTC": Decimal("0.004")} for _ in range(3)
        ]
        self.able = [True] * 3
        self.tokens: dict[Any, str] = {}
        self.later = timedelta(0)

    # What happens

    @rule(pair=pairs, asset=assets, times=st.integers(1, 8))
    def a_payment(self, pair: list[int], asset: str, times: int) -> None:
        sender, recipient = pair
        amount = SIZE[asset] * times
        made = self._try(
            payments.pay, sender=self._customer(sender), recipient=self._customer(recipient),
            what=self._sum(amount, asset), note="", quote_id=None,
        )  # fmt: skip
        assert (made is not None) == (self.able[sender] and self.has[sender][asset] >= amount)
        if made is not None:
            self.has[sender][asset] -= amount
            assert made.state == ("COMPLETED" if self.able[recipient] else "PENDING")
            if self.able[recipient]:
                self.has[recipient][asset] += amount

    @rule(pair=pairs)
    def a_converted_payment(self, pair: list[int]) -> None:
        sender, recipient = pair
        if not self.able[sender] or self.has[sender]["EUR"] < Decimal(20):
            return
        what = self._sum(Decimal(1000), "JPY")
        two = {"sender": self._customer(sender), "recipient": self._customer(recipient)}
        seen = self._try(quoting.preview, **two, what=what, pay_with="EUR")
        made = self._try(payments.pay, **two, what=what, note="", quote_id=seen.conversion.id)
        self.has[sender]["EUR"] -= seen.conversion.sell_units
        assert made.trade.quote == seen.conversion
        if self.able[recipient]:
            there = self.has[recipient].setdefault("JPY", Decimal(0))
            self.has[recipient]["JPY"] = there + 1000

    @rule(who=people, asset=assets, times=st.integers(1, 4))
    def a_link(self, who: int, asset: str, times: int) -> None:
        amount = SIZE[asset] * times
        made = self._try(
            links.create, sender=self._customer(who), what=self._sum(amount, asset), note="",
            quote_id=None,
        )  # fmt: skip
        assert (made is not None) == (self.able[who] and self.has[who][asset] >= amount)
        if made is not None:
            self.has[who][asset] -= amount
            self.tokens[made.transfer_id] = links.token_of(made) or ""

    @precondition(lambda self: self.tokens)
    @rule(number=st.integers(0, 99), who=people)
    def a_claim(self, number: int, who: int) -> None:
        transfer_id = sorted(self.tokens)[number % len(self.tokens)]
        before = Transfer.objects.get(id=transfer_id)
        taken = self._try(links.claim, token=self.tokens[transfer_id], claimant=self._customer(who))
        mine = before.customer_id == self.known[who].customer.id
        assert (taken is not None) == (self._waits(before) and self.able[who] and not mine)
        if taken is not None:
            self._gains(who, before)

    @rule(pair=pairs, asset=assets, times=st.integers(1, 8))
    def a_request(self, pair: list[int], asset: str, times: int) -> None:
        made = self._try(
            requests.ask, requester=self._customer(pair[0]), payer=self._customer(pair[1]),
            what=self._sum(SIZE[asset] * times, asset), note="",
        )  # fmt: skip
        assert made is None or self.able[pair[0]]

    @precondition(lambda self: self._requests())
    @rule(number=st.integers(0, 99), what=st.sampled_from(["pay", "pay", "decline", "cancel"]))
    def an_answer(self, number: int, what: str) -> None:
        found = self._requests()
        row = found[number % len(found)]
        asker, payer = (self._number(each) for each in (row.customer_id, row.payer_id))
        open_ = row.state == RequestState.OPEN and self._now() < row.expires_at
        if what == "pay":
            done = self._try(
                requests.pay, request_id=row.id, payer=self._customer(payer), quote_id=None
            )
            assert (done is not None) == (
                open_ and self.able[asker] and self.able[payer]
                and self.has[payer][row.currency] >= row.units
            )  # fmt: skip
            if done is not None:
                self.has[payer][row.currency] -= row.units
                self._gains(asker, done)
        elif what == "decline":
            done = self._try(requests.decline, request_id=row.id, payer=self._customer(payer))
            assert (done is not None) == (open_ or row.state == RequestState.DECLINED)
        else:
            with transaction():
                try:
                    requests.cancel(
                        request_id=row.id, requester=self._customer(asker), now=self._now()
                    )
                except requests.RequestEnded:
                    assert not open_

    @precondition(lambda self: self._transfers())
    @rule(number=st.integers(0, 99))
    def a_cancellation(self, number: int) -> None:
        found = self._transfers()
        row = found[number % len(found)]
        sender = self._number(row.customer_id)
        done = self._try(payments.cancel, transfer_id=row.id, sender=self._customer(sender))
        assert (done is not None) == (row.state in {"PENDING", "CANCELED"})
        if row.state == TransferState.PENDING:
            self._gains(sender, row)

    @rule(who=people, able=st.booleans())
    def somebody_becomes_able_or_not(self, who: int, able: bool) -> None:
        (ready if able else not_ready)(self.known[who])
        self.able[who] = able

    @rule()
    def the_clock_delivers(self) -> None:
        for row in self._transfers():
            if self._waits(row) and row.recipient_id is not None:
                recipient = self._number(row.recipient_id)
                if self.able[recipient]:
                    self._gains(recipient, row)
        passes.deliver_waiting(board=live.current(), now=self._now())

    @rule(days=st.sampled_from([1, 8, 15, 31]))
    def days_go_by(self, days: int) -> None:
        self.later += timedelta(days=days)
        for row in self._transfers():
            if row.state == TransferState.PENDING and self._now() >= row.expires_at:
                self._gains(self._number(row.customer_id), row)
        passes.expire_due(board=live.current(), now=self._now())

    # What is true after each step

    @invariant()
    def the_books_hold_and_everybody_has_what_they_should(self) -> None:
        if not hasattr(self, "known"):
            return
        books_hold(*self.known)
        for known, has in zip(self.known, self.has, strict=True):
            balances = ledger.balances(customer_id=known.customer.id)
            posted = {code: each.posted for code, each in balances.items() if each.posted}
            assert posted == {code: units for code, units in has.items() if units}

    @invariant()
    def each_transfer_has_the_entries_of_its_state(self) -> None:
        if not hasattr(self, "known"):
            return
        entries: dict[str, Counter[str]] = defaultdict(Counter)
        mine = [known.customer.id for known in self.known]
        for entry in JournalEntry.objects.filter(
            customer_id__in=mine, kind__startswith="TRANSFER_"
        ):
            entries[entry.details["transfer"]][entry.kind] += 1
        ends = {"PENDING": [], "COMPLETED": ["TRANSFER_RECEIVED"]}
        for row in self._transfers():
            end = ends.get(row.state, ["TRANSFER_RETURNED"])
            waited = row.state == "COMPLETED" and row.ended_at != row.created_at
            if waited and row.currency != row.customer.home_currency:
                end = [*end, "TRANSFER_DELIVERED"]
            assert entries[row.shown_id] == Counter(["TRANSFER_SENT", *end])
            roles = TransferParty.objects.filter(transfer=row).count()
            assert roles == 1 + (row.recipient_id is not None)

    # Helpers

    def _now(self) -> Any:
        return clock.now() + self.later

    def _try(self, act: Any, **asked: Any) -> Any:
        """Do something in a transaction; None when it is refused."""
        try:
            with transaction():
                return act(**asked, board=live.current(), now=self._now())
        except DomainError:
            return None

    def _customer(self, number: int) -> Any:
        customer = self.known[number].customer
        return type(customer).objects.select_related("user").get(id=customer.id)

    def _number(self, customer_id: Any) -> int:
        return [known.customer.id for known in self.known].index(customer_id)

    def _sum(self, amount: Decimal, asset: str) -> Any:
        return sum_of(amount, asset, board=live.current(), now=self._now())

    def _gains(self, who: int, row: Transfer) -> None:
        self.has[who][row.currency] = self.has[who].get(row.currency, Decimal(0)) + row.units

    def _waits(self, row: Transfer) -> bool:
        return row.state == TransferState.PENDING and self._now() < row.expires_at

    def _transfers(self) -> list[Transfer]:
        mine = [known.customer.id for known in self.known]
        return list(Transfer.objects.filter(customer_id__in=mine).order_by("id"))

    def _requests(self) -> list[Request]:
        mine = [known.customer.id for known in self.known]
        return list(Request.objects.filter(customer_id__in=mine).order_by("id"))


@pytest.mark.usefixtures("committed", "market")
def test_money_between_people_is_always_somewhere_and_nowhere_twice() -> None:
    run_state_machine_as_test(
        Between,
        settings=settings(
            max_examples=8, stateful_step_count=15, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
