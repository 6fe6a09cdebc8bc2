"""Purchases of every course at the fake: its balance is always what moved it."""

import hypothesis
import stripe
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from krak.sandbox.issuer.issuer import OPENING_BALANCE
from tests.issuer import running_issuer
from tests.sandbox.conftest import ADDRESS, balance
from tests.sandbox.shapes import require_shapes_of


class Purchases(RuleBasedStateMachine):
    """Purchases of every course: the issuer's balance is always what moved it."""

    authorizations = Bundle("authorizations")
    captures = Bundle("captures")

    def __init__(self) -> None:
        super().__init__()
        self.running = running_issuer()
        self.issuer = self.running.__enter__()
        self.issuer.control.rules(network="approve")
        self.issuer.control.balance(50_000)
        cardholder = self.issuer.v1.issuing.cardholders.create(
            {"name": "Jenny", "billing": {"address": ADDRESS}}
        )
        self.card = self.issuer.v1.issuing.cards.create(
            {
                "cardholder": cardholder.id,
                "currency": "usd",
                "type": "virtual",
                "status": "active",
                "spending_controls": {"spending_limits": ""},
            }
        )
        self.helpers = self.issuer.v1.test_helpers.issuing
        self.spent = 0

    @rule(target=authorizations, amount=st.integers(0, 30_000))
    def tap(self, amount: int) -> str:
        free = balance(self.issuer)
        made = self.helpers.authorizations.create({"card": self.card.id, "amount": amount})
        assert made.approved is (amount <= free)
        return str(made.id)

    @rule(
        target=captures,
        authorization=authorizations,
        amount=st.integers(1, 40_000),
        closes=st.booleans(),
    )
    def capture(self, authorization: str, amount: int, closes: bool) -> tuple[str, int]:
        params = {"capture_amount": amount, "close_authorization": closes}
        seen = self.helpers.authorizations.capture(authorization, params)
        self.spent += amount
        return str(seen.transactions[-1].id), amount

    @rule(capture=consumes(captures))
    def refund(self, capture: tuple[str, int]) -> None:
        transaction, amount = capture
        if self.issuer.v1.issuing.transactions.retrieve(transaction).type == "capture":
            self.helpers.transactions.refund(transaction)
            self.spent -= amount

    @rule(
        authorization=authorizations,
        verb=st.sampled_from(["increment", "expire", "reverse", "finalize_amount"]),
        amount=st.integers(1, 20_000),
    )
    def change(self, authorization: str, verb: str, amount: int) -> None:
        params = {
            "increment": {"increment_amount": amount},
            "reverse": {"reverse_amount": amount},
            "finalize_amount": {"final_amount": amount},
        }
        before = self.issuer.v1.issuing.authorizations.retrieve(authorization)
        try:
            getattr(self.helpers.authorizations, verb)(authorization, params.get(verb, {}))
        except stripe.InvalidRequestError:
            assert self.issuer.v1.issuing.authorizations.retrieve(authorization) == before

    @invariant()
    def the_balance_is_what_moved_it_and_what_is_held(self) -> None:
        store = self.issuer.server.issuer.store
        moves = store.select("balance_transaction", {"currency": "usd", "balance_type": "issuing"})
        held = [found["_held"] for found in store.select("issuing.authorization")]
        available = balance(self.issuer)
        assert min(held, default=0) >= 0
        assert available == OPENING_BALANCE + sum(move["net"] for move in moves)
        assert available == 50_000 - sum(held) - self.spent
        assert self.issuer.server.issuer.balance_of("asking", "usd") == 0

    def teardown(self) -> None:
        require_shapes_of(self.issuer)
        self.running.__exit__(None, None, None)


TestPurchases = Purchases.TestCase
TestPurchases.settings = hypothesis.settings(max_examples=12, stateful_step_count=12, deadline=None)
