"""What one purchase cost, in what it was paid, and what it earned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from moneyed import Money

from cards.authorizations import queries as authorizations
from cards.authorizations.rules.facts import PRICE_PLACES, AssetPrice
from cards.cashback import queries as cashback
from cards.clearing import queries as clearing
from cards.clearing.rules import Kind
from fx.prices import live
from holdings.ledger import queries as ledger
from holdings.ledger.queries import Shown, changes_of, shown_with
from holdings.lots import queries as lots
from holdings.lots.queries import Realised
from krak.core.minor_units import from_minor
from krak.core.money import UnknownCurrency, floor_to, money, rate_to

if TYPE_CHECKING:
    from cards.authorizations.models import Authorization
    from cards.clearing.models import CardTransaction
    from holdings.ledger.models import JournalEntry


@dataclass(frozen=True, slots=True)
class Sale:
    """An asset that was sold for the purchase; units and price are those shown at the moment.

    `gain` and `cost_basis` are of the lots that left; None for what has none.
    """

    units: Shown
    price: Decimal
    proceeds: Money
    spread: Money
    cost_basis: Money | None
    gain: Money | None
    venue: str
    sold_at: datetime


@dataclass(frozen=True, slots=True)
class Cleared:
    """A capture or a refund: what the merchant asked, what it came to, and the rate of the two."""

    kind: Kind
    presentment: Money | None
    """None for a currency that is not known here."""
    settlement: Money
    rate: Decimal | None
    event_at: datetime


@dataclass(frozen=True, slots=True)
class Reward:
    """What the purchase earned, less what was taken back."""

    value: Money
    units: Shown


@dataclass(frozen=True, slots=True)
class Receipt:
    """One purchase. `from_cash` is what was there before anything was sold."""

    authorization: "Authorization"
    approved: Money
    captured: Money
    refunded: Money
    from_cash: Money
    sales: Sequence[Sale]
    cleared: Sequence[Cleared]
    cashback: Sequence[Reward]


def receipt(authorization_id: UUID, *, customer_id: UUID, now: datetime) -> Receipt:
    """Return the receipt of one of the customer's purchases, as far as it has come by `now`.

    Raises:
        AuthorizationNotFound: there is none, or it is another customer's.
    """
    paid = authorizations.authorization(authorization_id, customer_id=customer_id)
    purchase = clearing.purchase(customer_id=customer_id, group=paid.stripe_id)
    transactions = purchase.transactions if purchase else ()
    sales = _sales(paid, transactions)
    captured, refunded = _sum(transactions, Kind.CAPTURE), _sum(transactions, Kind.REFUND)
    refunded -= _sum(transactions, Kind.REFUND_REVERSAL)
    raised = sum((sale.proceeds.amount for sale in sales), Decimal(0))
    paid_in_all = captured if transactions else paid.amount if paid.approved else Decimal(0)

    def cash(amount: Decimal) -> Money:
        return money(amount, paid.currency)

    return Receipt(
        authorization=paid,
        approved=cash(paid.amount if paid.approved else Decimal(0)),
        captured=cash(captured),
        refunded=cash(refunded),
        from_cash=cash(max(Decimal(0), paid_in_all - raised)),
        sales=sales,
        cleared=[_cleared(each) for each in transactions],
        cashback=_cashback(paid, now=now),
    )


def _sum(transactions: "Iterable[CardTransaction]", kind: Kind) -> Decimal:
    return sum((each.amount for each in transactions if each.kind == kind), Decimal(0))


def _sales(paid: "Authorization", transactions: "Sequence[CardTransaction]") -> list[Sale]:
    """Return what the tap, its adoption by the network and its captures sold, in order."""
    beginnings = [f"authorization:{paid.stripe_id}:", f"adoption:{paid.stripe_id}:"]
    beginnings += [f"transaction:{each.stripe_id}:sale:" for each in transactions]
    entries = ledger.entries_caused(beginnings, customer_id=paid.customer_id, kind="SALE")
    ids = [entry.id for entry in entries]
    changes = changes_of(ids, customer_id=paid.customer_id)
    realised = lots.realised_by(ids, customer_id=paid.customer_id)
    return [
        _sale(entry, changes[entry.id], realised.get(entry.id), paid.currency) for entry in entries
    ]


def _sale(
    entry: "JournalEntry",
    changes: Mapping[str, Decimal],
    realised: Realised | None,
    currency: str,
) -> Sale:
    price = AssetPrice.from_json(entry.details["price"])
    code = next(code for code, amount in changes.items() if amount < 0)
    return Sale(
        units=shown_with(price.multiplier, -changes[code], code=code),
        price=floor_to(price.bid / price.multiplier, PRICE_PLACES),
        proceeds=money(changes[currency], currency),
        spread=money(entry.details["spread"], currency),
        cost_basis=realised.cost_basis if realised else None,
        gain=realised.gain if realised else None,
        venue=price.venue,
        sold_at=entry.event_at,
    )


def _cleared(row: "CardTransaction") -> Cleared:
    settlement = money(row.amount, row.currency)
    try:
        presentment = from_minor(abs(row.merchant_amount_minor), row.merchant_currency.lower())
    except UnknownCurrency:
        presentment = None
    rate = None
    if presentment is not None and presentment.amount:
        rate = rate_to(row.amount, presentment.amount, rounding=ROUND_HALF_EVEN)
    return Cleared(Kind(row.kind), presentment, settlement, rate, row.event_at)


def _cashback(paid: "Authorization", *, now: datetime) -> list[Reward]:
    grants = cashback.grants_for(customer_id=paid.customer_id, group=paid.stripe_id)
    board = live.current()
    return [
        Reward(
            money(grant.value_left, grant.currency),
            shown_with(board.multiplier(grant.asset, now), grant.units_left, code=grant.asset),
        )
        for grant in grants
    ]
