"""What customers have, how it is shown, and what the house has."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum
from moneyed import Money

from fx.assets.catalogue import has_multiplier
from fx.prices.rules import Board, NoPrice
from holdings.ledger.models import Hold, LedgerAccount
from krak.core.compiled import compiled
from krak.core.money import amount_object, floor_to, money, nearest_to, places_of, plain


@dataclass(frozen=True, slots=True)
class Balance:
    """What a customer has in one currency, in base units."""

    account_id: UUID
    currency: str
    posted: Decimal
    held: Decimal
    opened_at: datetime

    @property
    def available(self) -> Decimal:
        """What can be spent; negative after a forced event took more than there was."""
        return self.posted - self.held


def balances(*, customer_id: UUID) -> dict[str, Balance]:
    """Return the customer's balances by currency."""
    return {
        a.currency: Balance(a.id, a.currency, a.posted, a.held, a.created_at)
        for a in _accounts(customer_id)
    }


@compiled
def _accounts(customer_id: UUID) -> QuerySet[LedgerAccount]:
    return LedgerAccount.objects.filter(customer_id=customer_id).order_by("currency")


@dataclass(frozen=True, slots=True)
class Shown:
    """An amount in shown units, and the multiplier that made them of base units."""

    amount: Money
    multiplier: Decimal | None
    """None for what is shown as it is held."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """A balance as its owner sees it: in shown units, and worth something in their currency."""

    balance: Balance
    posted: Money
    held: Money
    available: Money
    value: Money | None
    """What `posted` would sell for, rounded down; None when the board has no price."""
    stale: bool
    """The price is missing, or too old to sell by."""
    price_as_of: datetime | None
    multiplier: Decimal | None
    """Base units times this are the units shown; None for what is shown as it is held."""


def holders(currency: str, *, least: Decimal, most: int, after: UUID | None = None) -> list[UUID]:
    """Return customers with at least `least` base units, set aside or not, in order of their ids.

    It reads every account: for what happens to an asset, not to a customer.
    """
    found = LedgerAccount.objects.filter(currency=currency, posted__gte=least)
    if after is not None:
        found = found.filter(customer_id__gt=after)
    return list(found.order_by("customer_id").values_list("customer_id", flat=True)[:most])


def owed() -> dict[str, Decimal]:
    """Return what customers' accounts have in all, by currency, in base units; it reads them all.

    What an account is overdrawn by takes nothing from what others are owed.
    """
    rows = LedgerAccount.objects.filter(posted__gt=0).values_list("currency")
    return dict(rows.annotate(total=Sum("posted")))


def wallets(*, customer_id: UUID, currency: str, board: Board, now: datetime) -> tuple[Wallet, ...]:
    """Return all the customer's balances by currency, valued by one board."""
    return tuple(
        _wallet(balance, currency, board, now)
        for balance in balances(customer_id=customer_id).values()
    )


def shown(base_units: Decimal, *, code: str, board: Board, now: datetime) -> Money:
    """Return base units as they are shown: times the multiplier in force, 1 if none is known."""
    return money(base_units * board.multiplier(code, now), code)


def shown_by(code: str, *, board: Board, now: datetime) -> Decimal | None:
    """Return the multiplier that `shown` takes; None for what is shown as it is held."""
    return board.multiplier(code, now) if has_multiplier(code) else None


def shown_with(multiplier: Decimal, base_units: Decimal, *, code: str) -> Shown:
    """Return base units as they were shown by the multiplier of another moment."""
    amount = money(base_units * multiplier, code)
    return Shown(amount, multiplier if has_multiplier(code) else None)


def told(base_units: Decimal, *, code: str, board: Board, now: datetime) -> dict[str, str]:
    """Return base units as notices say them: an amount object, of shares with the multiplier."""
    multiplier = board.multiplier(code, now)
    return amount_object(money(base_units * multiplier, code)) | beside(multiplier, code=code)


def beside(multiplier: Decimal, *, code: str) -> dict[str, str]:
    """Return what a notice has beside amounts in shown units: of shares the multiplier."""
    return {"multiplier": plain(multiplier)} if has_multiplier(code) else {}


def _wallet(balance: Balance, currency: str, board: Board, now: datetime) -> Wallet:
    code = balance.currency
    price = board.price(code)
    value = None
    try:
        worth = board.worth(balance.posted, code, currency)
    except NoPrice:
        pass
    else:
        value = money(floor_to(worth, places_of(currency)), currency)
    return Wallet(
        balance=balance,
        posted=shown(balance.posted, code=code, board=board, now=now),
        held=shown(balance.held, code=code, board=board, now=now),
        available=shown(balance.available, code=code, board=board, now=now),
        value=value,
        stale=code != currency
        and not (board.is_fresh(code, now) and board.is_fresh(currency, now)),
        price_as_of=price.as_of if price else None,
        multiplier=shown_by(code, board=board, now=now),
    )


@dataclass(frozen=True, slots=True)
class HouseAccount:
    """The balance of one of the house's accounts: credits less debits, in base units."""

    house: str
    currency: str
    balance: Decimal


def house_balances(*, house: str | None = None) -> list[HouseAccount]:
    """Return the balances of the house's accounts, or of those of one kind, in order.

    What was rolled up plus what waits, in one snapshot: exact at any moment, however far the
    roll-up is behind. It costs one row per account and a few per waiting entry.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT house, currency, balance FROM ledger_house_balances(%s)", [house])
        return [HouseAccount(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class HouseWorth:
    """A house account, and what it is worth at the board's middle; None without a price."""

    account: HouseAccount
    usd: Decimal | None


def house_worths(*, board: Board) -> list[HouseWorth]:
    """Return all of the house's accounts with what they are worth in USD, to the cent."""
    found = []
    for account in house_balances():
        price = board.price(account.currency)
        usd = None
        if price is not None:
            middle = board.mid_in(account.currency, "USD")
            usd = nearest_to(account.balance * price.multiplier * middle, 2)
        found.append(HouseWorth(account, usd))
    return found


def house_balance(*, house: str, currency: str, customer_id: UUID | None = None) -> Decimal:
    """Return credits less debits of a house account, of one customer's entries if named."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(CASE side WHEN 'CREDIT' THEN amount ELSE -amount END), 0)"
            " FROM ledger_posting WHERE house = %s AND currency = %s"
            " AND (%s::uuid IS NULL OR customer_id = %s)",
            [house, currency, customer_id, customer_id],
        )
        return Decimal(cursor.fetchone()[0])


def held_under(reference: str, *, customer_id: UUID) -> Decimal:
    """Return what the customer has set aside under a reference."""
    hold = Hold.objects.filter(customer_id=customer_id, reference=reference).first()
    return hold.amount if hold else Decimal(0)
