"""An authorization's life: asked, told, captured, refunded and disputed in any order, by anybody.

Everything comes through the signed doors; `model.py` says what must be there after each step.
A long run: `pytest --hypothesis-profile=long tests/cards/test_authorization_machine.py`.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
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
from holdings.lots import queries as lots
from krak.cases.models import Case
from krak.core.money import places_of
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.sandbox import services as sandbox
from tests.boards import board_of_pins
from tests.cards.model import ORDER, Customer, Policy, cents
from tests.cards.scenarios import Play, from_minor, scenario

BIDS = {
    "EUR": ("1.10", "0.97"),
    "USDC": ("1", "0.9987"),
    "BTC": ("50000", "33333.33", "61234.567"),
}
LOTS = {
    "EUR": [{"quantity": "12.34", "cost": "13"}],
    "USDC": [{"quantity": "50.5", "cost": "50.5"}],
    "BTC": [{"quantity": "0.0007", "cost": "30"}, {"quantity": "0.0005", "cost": "31"}],
}
taps = st.sampled_from(["a1", "a2", "a3"])
assets = st.sampled_from(ORDER)
amounts = st.one_of(st.integers(1, 4000), st.integers(1, 15_000))
networks = st.sampled_from(["m1", "m2"])
mccs = st.sampled_from(["5812", "5812", "5812", "6011"])
# Of the newest event: later, in the same second, or long before.
whens = st.sampled_from([1, 1, 1, 0, -1, -5])
CASES = {
    "force_capture", "capture_on_declined", "capture_on_reversed", "unmatched_refund", "overdrawn",
}  # fmt: skip


class CardLife(RuleBasedStateMachine):
    """One customer with cash and four lots, several cards one after another, three taps."""

    def __init__(self) -> None:
        super().__init__()
        self.bids = {code: choices[0] for code, choices in BIDS.items()}
        self.stale: set[str] = set()
        self.board: Any = None
        self._pin({})
        self.time = 0
        self.names = 0
        self.asked: list[tuple[Callable[[], Any], Any]] = []
        self.told: list[Callable[[], Any]] = []

    @initialize(
        posted=st.integers(0, 8000), buffer_bps=st.sampled_from([0, 250]),
        minimum=st.sampled_from([0, 700]), sell=st.booleans(), provisional=st.booleans(),
    )  # fmt: skip
    def begin(
        self, posted: int, buffer_bps: int, minimum: int, sell: bool, provisional: bool
    ) -> None:
        policy = Policy(
            minimum_conversion=minimum, buffer_bps=buffer_bps, sell_at_capture=sell,
            provisional=provisional,
        )  # fmt: skip
        given = {
            "posted": posted, "lots": LOTS,
            "policy": {
                "daily_limit": policy.daily, "cash_daily_limit": policy.cash_daily,
                "minimum_conversion": minimum, "fx_buffer_bps": buffer_bps,
                "sell_at_capture": sell, "provisional_credit": provisional,
            },
        }  # fmt: skip
        case = scenario("A01") | {"given": given, "bid_prices": self.bids}
        self.play = Play(case, Client(), self._pin)
        self.door = self.play.door
        self.card, self.status, self.cards = self.door.card, "active", [self.door.card]
        self.kept = Customer(
            policy=policy,
            posted=posted,
            units={
                code: sum((Decimal(lot["quantity"]) for lot in LOTS[code]), Decimal(0))
                for code in ORDER
            },
            places={code: places_of(code) for code in ORDER},
            bids={code: Decimal(bid) for code, bid in self.bids.items()},
        )

    def _pin(self, _bids: dict[str, str], **_states: Any) -> None:
        if self.board is not None:
            self.board.__exit__(None, None, None)
        self.board = live.installed(board_of_pins(self.bids, stale=sorted(self.stale)))
        self.board.__enter__()

    def teardown(self) -> None:
        self.board.__exit__(None, None, None)

    def _name(self) -> str:
        self.names += 1
        return f"n{self.names}"

    def _when(self, step: int) -> int:
        at = max(1, self.time + step)
        self.time = max(self.time, at)
        return at

    # Asked

    @rule(
        name=taps, amount=amounts, mcc=st.sampled_from(["5812"] * 4 + ["6011", "7995"]),
        controllable=st.booleans(), cash_back=st.sampled_from([0, 0, 0, 50, 500]),
        foreign=st.booleans(),
    )  # fmt: skip
    def ask(
        self, *, name: str, amount: int, mcc: str, controllable: bool, cash_back: int, foreign: bool
    ) -> None:
        self._ask(
            name, amount, mcc=mcc, controllable=controllable,
            cash_back=min(cash_back, amount), foreign=foreign,
        )  # fmt: skip

    @rule(name=taps, edge=st.sampled_from([-1, 0, 1]), controllable=st.booleans())
    def ask_for_about_everything(self, name: str, edge: int, controllable: bool) -> None:
        self._ask(name, max(0, self.kept.coverage + edge), controllable=controllable)

    def _ask(
        self, name: str, amount: int, *, controllable: bool, mcc: str = "5812", cash_back: int = 0,
        foreign: bool = False,
    ) -> None:  # fmt: skip
        step = len(self.kept.promises[name].answers) if name in self.kept.promises else 0
        card = self.card

        def asks() -> Any:
            self.door.card = card
            return self.door.request(
                amount, authorization=name, step=step, mcc=mcc, is_amount_controllable=controllable,
                cashback_amount=cash_back, merchant_currency="jpy" if foreign else "",
            )  # fmt: skip

        answer = asks().json()
        expected = self.kept.request(
            name, step, amount, mcc=mcc, active=self.status == "active",
            controllable=controllable, cash_back=cash_back, foreign=foreign,
        )  # fmt: skip
        reason = answer.pop("metadata").get("decline_reason")
        assert answer | ({"reason": reason} if reason else {}) == expected
        self.asked.append((asks, asks().content))

    @precondition(lambda self: self.asked)
    @rule(which=st.integers(0, 10**6))
    def ask_again(self, which: int) -> None:
        asks, first = self.asked[which % len(self.asked)]
        assert asks().content == first

    # Told

    @rule(
        name=taps, when=whens, status=st.sampled_from(["pending"] * 3 + ["closed", "reversed",
        "expired"]), other=st.one_of(st.none(), st.none(), amounts), approved=st.sampled_from(
        [True, True, True, False]), reason=st.sampled_from(["webhook_approved",
        "webhook_timeout", "network_fallback"]), more_steps=st.sampled_from([-1, 0, 0, 1]),
    )  # fmt: skip
    def tell(
        self, *, name: str, when: int, status: str, other: int | None, approved: bool, reason: str,
        more_steps: int,
    ) -> None:  # fmt: skip
        answers = self.kept.promises[name].answers if name in self.kept.promises else {}
        steps = max(1, len(answers) + more_steps)
        ours = sum(yes for step, yes in answers.items() if step < steps)
        amount = 0 if status == "reversed" else ours if other is None else other
        at = self._when(when)
        if not approved:
            reason = "webhook_timeout"

        def tells() -> None:
            self.door.card = self.cards[0]
            self.play.authorization(
                amount, authorization=name, status=status, approved=approved, reason=reason,
                at=at, request_history_length=steps,
            )  # fmt: skip
            self.kept.snapshot(
                name, at, status=status, amount=amount, approved=approved, reason=reason,
                steps=steps,
            )  # fmt: skip

        self._tell(tells)

    def _tell(self, tells: Callable[[], None]) -> None:
        tells()
        self.told.append(tells)

    @precondition(lambda self: self.told)
    @rule(which=st.integers(0, 10**6))
    def tell_again(self, which: int) -> None:
        self.told[which % len(self.told)]()

    @rule(
        name=st.one_of(st.none(), taps, taps, taps), amount=amounts, when=whens, mcc=mccs,
        network=networks, fee=st.sampled_from([0, 0, 0, 120]), old_card=st.booleans(),
    )  # fmt: skip
    def capture(
        self, *, name: str | None, amount: int, when: int, mcc: str, network: str, fee: int,
        old_card: bool,
    ) -> None:  # fmt: skip
        known, at = self._name(), self._when(when)
        card = self.cards[0 if old_card else -1]

        def tells() -> None:
            self.door.card = card
            self.play.capture(
                amount, authorization=name, transaction=known, closes_authorization=False, mcc=mcc,
                network_id=network, cashback_amount=fee, at=at,
            )  # fmt: skip
            self.kept.capture(known, name, amount, at=at, mcc=mcc, network=network, rewardless=fee)

        self._tell(tells)

    @precondition(lambda self: any(p.hold for p in self.kept.promises.values()))
    @rule(part=st.sampled_from(["0.4", "1", "1.3"]), last=st.booleans())
    def capture_what_is_held(self, part: str, last: bool) -> None:
        name = next(name for name, p in sorted(self.kept.promises.items()) if p.hold)
        amount = max(1, int(self.kept.promises[name].hold * Decimal(part)))
        self.capture(
            name=name, amount=amount, when=1, mcc="5812", network="m1", fee=0, old_card=False
        )
        if last:
            steps = len(self.kept.promises[name].answers)
            self.tell(
                name=name, when=1, status="closed", other=None, approved=True,
                reason="webhook_approved", more_steps=0 if steps else 1,
            )  # fmt: skip

    @rule(name=st.one_of(st.none(), taps), amount=amounts, when=whens, network=networks)
    def refund(self, name: str | None, amount: int, when: int, network: str) -> None:
        known, at = self._name(), self._when(when)
        card = self.cards[-1]

        def tells() -> None:
            self.door.card = card
            self.play.refund(
                amount, authorization=name, transaction=known, network_id=network, at=at
            )
            self.kept.refund(known, name, amount, at=at, network=network)

        self._tell(tells)

    def _refunds(self) -> list[str]:
        return [
            name for name, moved in self.kept.moved.items()
            if moved.amount < 0 and f"x{name}" not in self.kept.moved
        ]  # fmt: skip

    @precondition(lambda self: self._refunds())
    @rule(which=st.integers(0, 10**6))
    def take_a_refund_back(self, which: int) -> None:
        refunds = self._refunds()
        refund = refunds[which % len(refunds)]

        def tells() -> None:
            self.play.refund_reversal(f"x{refund}", refund)
            self.kept.take_back(refund, f"x{refund}")

        self._tell(tells)

    def _captures(self) -> list[str]:
        return [name for name in self.kept.moved if self.kept.moved[name].amount > 0 and
                name.startswith("n")]  # fmt: skip

    @precondition(lambda self: self._captures())
    @rule(
        which=st.integers(0, 10**6), said=st.lists(st.sampled_from(["submitted",
        "funds_reinstated", "funds_rescinded", "lost"]), min_size=1, max_size=3, unique=True),
        difference=st.sampled_from([0, 7, -7]),
    )  # fmt: skip
    def dispute(self, which: int, said: list[str], difference: int) -> None:
        captures = self._captures()
        capture = captures[which % len(captures)]
        amount = self.kept.moved[capture].amount
        for event in said:
            told = max(1, amount + difference) if event == "funds_reinstated" else amount

            def tells(event: str = event, told: int = told) -> None:
                self.play.dispute(f"d{capture}", event, transaction=capture, amount=told)
                self.kept.dispute(f"d{capture}", event, capture, told)

            self._tell(tells)

    # What else happens

    @rule(amount=amounts)
    def deposit(self, amount: int) -> None:
        with transaction():
            sandbox.credit_cash(
                customer_id=self.play.customer.id, currency="USD", amount=from_minor(amount),
                cause=f"deposit:{self._name()}", now=self.play.customer.created_at,
            )  # fmt: skip
        self.kept.posted += amount

    @rule(code=assets)
    def exclude(self, code: str) -> None:
        self.play.exclude_asset(code)
        self.kept.excluded.add(code)

    @rule(frozen=st.booleans())
    def freeze_the_account(self, frozen: bool) -> None:
        customer = self.play.customer
        with transaction():
            if frozen:
                customers.freeze(customer_id=customer.id, reason="machine", now=customer.created_at)
            else:
                customers.unfreeze(customer_id=customer.id, reason="machine")
        self.kept.frozen = frozen

    @rule(status=st.sampled_from(["active", "active", "inactive", "canceled"]))
    def change_the_card(self, status: str) -> None:
        if self.status == "canceled" and status == "inactive":
            return
        replaced = self.status == "canceled" and status == "active"
        self.play.card_status(status)
        self.status = status
        if replaced:
            newest = self.play.customer.card_set.order_by("-created_at", "-id")[0]
            self.card = newest.stripe_id
            self.cards.append(newest.stripe_id)

    @rule(code=assets, which=st.integers(0, 2), stale=st.sampled_from([False, False, True]))
    def prices_move(self, code: str, which: int, stale: bool) -> None:
        self.bids[code] = BIDS[code][which % len(BIDS[code])]
        self.stale = self.stale | {code} if stale else self.stale - {code}
        self._pin({})
        self.kept.bids[code], self.kept.stale = Decimal(self.bids[code]), set(self.stale)

    # What is true after each step

    @invariant()
    def the_customer_has_what_the_policy_says(self) -> None:
        seen = sandbox.position(customer=self.play.customer)
        assert {name: cents(Decimal(seen["cash"][name])) for name in ("posted", "held")} == {
            "posted": self.kept.posted,
            "held": self.kept.held,
        }
        assert {code: Decimal(seen["units"].get(code, 0)) for code in ORDER} == self.kept.units
        assert cents(Decimal(seen["suspense"])) == -sum(self.kept.suspended.values())
        assert cents(Decimal(seen["cashback"]["amount"])) == self.kept.cashback
        assert set(seen["flags"]) == self.kept.flags

    @invariant()
    def the_books_are_proved(self) -> None:
        assert ledger.breaks(customer_id=self.play.customer.id) == []
        in_lots = lots.units_in_lots(customer_id=self.play.customer.id)
        balances = ledger.balances(customer_id=self.play.customer.id)
        assert balances["USD"].held >= 0
        for code, balance in balances.items():
            assert code == "USD" or in_lots.get(code, 0) == balance.posted, code

    @invariant()
    def every_oddity_for_staff_is_a_case_and_nothing_is_stuck(self) -> None:
        cases = Case.objects.filter(customer=self.play.customer)
        kinds = {case.kind for case in cases}
        # A lost dispute has no row to flag.
        assert kinds - {"overdrawn"} == (self.kept.flags & CASES) - {"overdrawn"}
        assert "overdrawn" not in self.kept.flags or "overdrawn" in kinds
        assert not OutboxMessage.objects.filter(done_at=None).exists()


@pytest.mark.django_db
def test_an_authorizations_life() -> None:
    run_state_machine_as_test(
        CardLife,
        settings=settings(
            max_examples=settings().max_examples // 6,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
