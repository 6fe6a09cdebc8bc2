"""A customer who shops, and what the network says of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cards.cashback import queries as cashback_reads
from cards.cashback import services as cashback
from cards.clearing import services as clearing
from cards.clearing.rules import Transaction
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import queries as lot_reads
from holdings.lots import services as lots
from krak.core import clock
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.sandbox import services as sandbox


def cents(amount: int) -> Decimal:
    """Return so many cents as money."""
    return Decimal(amount).scaleb(-2)


@dataclass
class Shopper:
    """A new customer whose rewards come in one asset, and what the network says of them."""

    asset: str = "BTC"
    cash: int = 1_000_000_00
    now: datetime = field(default_factory=clock.now)
    said: int = 0

    def __post_init__(self) -> None:
        with transaction():
            self.customer, _token, self.card = sandbox.create_customer(
                sandbox.NewCustomer(
                    country="US",
                    card_currency="USD",
                    cash=cents(self.cash),
                    holdings=[],
                    spend_order=None,
                    excluded=[],
                    cashback_asset=self.asset,
                    policy={},
                ),
                now=self.now,
            )

    def said_by_the_network(
        self, amount: int, *, refund: bool = False, group: str | None = "p1", **rest: Any
    ) -> Transaction:
        """Return a capture or a refund of so many cents."""
        self.said += 1
        transaction_id = f"ipi_{uuid7()}"
        facts = Transaction(
            stripe_id=transaction_id,
            card_stripe_id=self.card.stripe_id,
            authorization_stripe_id=f"{group}_{self.customer.id}" if group else None,
            is_refund=refund,
            amount=cents(amount),
            currency="USD",
            atm_fee=Decimal(0),
            cashback_amount=Decimal(0),
            mcc="5812",
            merchant_name="RAMEN TOKYO",
            merchant_network_id="",
            merchant_currency="USD",
            merchant_amount_minor=amount,
            event_at=self.now + timedelta(seconds=self.said),
        )
        return replace(facts, **rest)

    def apply(self, told: Transaction) -> None:
        with transaction():
            clearing.apply_transactions([told], now=self.now)

    def settle(self, group: str = "p1") -> None:
        with transaction():
            cashback.settle([(self.customer.id, f"{group}_{self.customer.id}")], now=self.now)

    def buys(self, amount: int, group: str = "p1", **rest: Any) -> None:
        self.apply(self.said_by_the_network(amount, group=group, **rest))
        self.settle(group)

    def returns(self, amount: int, group: str = "p1", **rest: Any) -> None:
        self.apply(self.said_by_the_network(amount, refund=True, group=group, **rest))
        self.settle(group)

    def loses(self, units: str) -> None:
        """Let coins leave, as a withdrawal would."""
        amount, account = Decimal(units), self._account()
        entry = Entry(
            id=uuid7(),
            customer_id=self.customer.id,
            cause=f"test:{uuid7()}",
            kind="TEST",
            event_at=self.now,
            created_at=self.now,
            legs=(
                Leg(DEBIT, self.asset, amount, account=account),
                Leg(CREDIT, self.asset, amount, house="CUSTODY"),
            ),
            details={},
        )
        with transaction():
            ledger.post(entry)
            lots.take(
                customer_id=self.customer.id,
                currency=self.asset,
                units=amount,
                proceeds=Decimal(0),
                entry_id=entry.id,
                now=self.now,
            )

    def _account(self) -> Any:
        return ledger_reads.balances(customer_id=self.customer.id)[self.asset].account_id

    def posted(self, code: str) -> Decimal:
        balance = ledger_reads.balances(customer_id=self.customer.id).get(code)
        return balance.posted if balance else Decimal(0)

    @property
    def spent(self) -> Decimal:
        """Return by how much their cash is down."""
        return cents(self.cash) - self.posted("USD")

    @property
    def value(self) -> Decimal:
        return cashback_reads.value_granted(customer_id=self.customer.id)

    @property
    def expense(self) -> Decimal:
        return -ledger_reads.house_balance(
            house="CASHBACK_EXPENSE", currency="USD", customer_id=self.customer.id
        )

    def proved(self) -> None:
        assert ledger_reads.breaks(customer_id=self.customer.id) == []
        if self.asset != "USD":
            in_lots = lot_reads.units_in_lots(customer_id=self.customer.id)
            assert in_lots.get(self.asset, 0) == self.posted(self.asset)
