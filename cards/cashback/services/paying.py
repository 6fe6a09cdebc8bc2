"""Pay and take back rewards: always the difference to what was paid before, so once each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cards.authorizations import queries as authorizations
from cards.cashback.models import Grant
from cards.cashback.services.taking_back import claw_back
from cards.clearing import queries as clearing
from cards.clearing.queries import Purchase
from cards.issuing import queries as issuing
from cards.issuing.rules import reward_of
from fx.assets import queries as assets
from fx.assets.rules import Status
from fx.prices import live
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import services as lots
from krak.core.errors import DomainError, Kind
from krak.core.ids import uuid7
from krak.core.money import floor_to, places_of, plain
from krak.core.rows import insert_rows
from krak.core.transactions import takes_part
from krak.customers import queries as customers
from krak.notifications import services as notifications


class RewardHasNoPrice(DomainError):
    """The chosen asset has no fresh price now; the reward is paid a little later."""

    code = "cashback.no_price"
    title = "The reward's asset has no price right now."
    kind = Kind.UNAVAILABLE


@takes_part
def settle(purchases: Iterable[tuple[UUID, str]], *, now: datetime) -> None:
    """Bring what purchases of (customer, group) have earned and what was paid for them together.

    Again is harmless.

    Raises:
        RewardHasNoPrice: something is owed in an asset that has no fresh price.
    """
    wanted = set(purchases)
    ledger.lock_books(customer_id for customer_id, _ in wanted)
    found = clearing.purchases(wanted)
    granted = _grants(found)
    rewards = []
    for (customer_id, group), owed in _owed(found).items():
        grants = granted.get((customer_id, group), [])
        paid = sum((grant.value_left for grant in grants), Decimal(0))
        if owed > paid:
            purchase, number = found[customer_id, group], len(grants) + 1
            rewards.append(_Reward(customer_id, group, purchase, number, value=owed - paid))
        for grant in reversed(grants):
            back = min(paid - owed, grant.value_left)
            if back > 0:
                claw_back(grant, back, now=now)
                paid -= back
    _pay(rewards, now=now)


def _owed(purchases: Mapping[tuple[UUID, str], Purchase]) -> dict[tuple[UUID, str], Decimal]:
    policies = issuing.policies_in_force(
        [
            issuing.Judged(customer_id, purchase.currency, purchase.first_event_at)
            for (customer_id, _), purchase in purchases.items()
        ]
    )
    return {
        key: reward_of(
            purchase.net(frozenset(policy.unrewarded_mccs)),
            bps=policy.cashback_bps,
            places=places_of(purchase.currency),
        )
        for (key, purchase), policy in zip(purchases.items(), policies, strict=True)
    }


def _grants(purchases: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], list[Grant]]:
    """Return what was granted for purchases before, each's in order of number."""
    grants = Grant.objects.filter(
        customer_id__in={customer_id for customer_id, _ in purchases},
        group__in={group for _, group in purchases},
    ).order_by("number")
    found: dict[tuple[UUID, str], list[Grant]] = {}
    for grant in grants:
        found.setdefault((grant.customer_id, grant.group), []).append(grant)
    return found


@dataclass(frozen=True, slots=True)
class _Reward:
    """`value` more that a purchase has earned, as its grant of this number."""

    customer_id: UUID
    group: str
    purchase: Purchase
    number: int
    value: Decimal


def _pay(rewards: Sequence[_Reward], *, now: datetime) -> None:
    """Pay rewards in what their customers chose; one too small for the least unit is not paid."""
    profiles = issuing.spending_profiles(reward.customer_id for reward in rewards)
    grants, details = [], []
    for reward in rewards:
        chosen, currency = profiles[reward.customer_id].cashback_asset, reward.purchase.currency
        asset = _paid_in(chosen, currency=currency, now=now)
        units, price = _units_worth(reward.value, asset=asset, currency=currency, now=now)
        if units > 0:
            grants.append(_grant(reward, asset=asset, units=units, now=now))
            details.append(price | {"merchant": reward.purchase.transactions[0].merchant_name})
    accounts = ledger.accounts_of((grant.customer_id, grant.asset) for grant in grants)
    ledger.post_all(
        [
            _entry(grant, accounts[grant.customer_id, grant.asset].id, details=words)
            for grant, words in zip(grants, details, strict=True)
        ]
    )
    homes = customers.home_currencies(grant.customer_id for grant in grants)
    lots.add(
        _arrival(grant, home=homes[grant.customer_id], now=now)
        for grant in grants
        if grant.asset != homes[grant.customer_id]
    )
    insert_rows(grants)
    bought = {(reward.customer_id, reward.group): reward.purchase for reward in rewards}
    notifications.keep(
        (_told(grant, bought[grant.customer_id, grant.group], now=now) for grant in grants),
        now=now,
    )


def _grant(reward: _Reward, *, asset: str, units: Decimal, now: datetime) -> Grant:
    return Grant(
        id=uuid7(),
        customer_id=reward.customer_id,
        entry_id=uuid7(),
        group=reward.group,
        number=reward.number,
        currency=reward.purchase.currency,
        value=reward.value,
        value_left=reward.value,
        asset=asset,
        units=units,
        units_left=units,
        granted_at=now,
    )


def _arrival(grant: Grant, *, home: str, now: datetime) -> lots.Arrival:
    return lots.Arrival(
        customer_id=grant.customer_id,
        currency=grant.asset,
        units=grant.units,
        cost=lots.worth(grant.value, grant.currency, home, board=live.current()),
        cost_currency=home,
        entry_id=grant.entry_id,
        acquired_at=now,
    )


def _entry(grant: Grant, account_id: UUID, *, details: dict[str, str]) -> Entry:
    """Return the entry of a grant: the house pays, in kind from its inventory."""
    legs = [Leg(DEBIT, grant.currency, grant.value, house="CASHBACK_EXPENSE")]
    if grant.asset != grant.currency:
        legs += [
            Leg(CREDIT, grant.currency, grant.value, house="INVENTORY"),
            Leg(DEBIT, grant.asset, grant.units, house="INVENTORY"),
        ]
    legs.append(Leg(CREDIT, grant.asset, grant.units, account=account_id))
    return Entry(
        id=grant.entry_id,
        customer_id=grant.customer_id,
        cause=f"cashback:{grant.group}:{grant.number}",
        kind="CASHBACK",
        event_at=grant.granted_at,
        created_at=grant.granted_at,
        legs=tuple(legs),
        details=details,
    )


def _told(grant: Grant, purchase: Purchase, *, now: datetime) -> notifications.Told:
    reward = ledger_reads.told(grant.units, code=grant.asset, board=live.current(), now=now)
    bought = purchase.transactions[0]
    authorization = bought.authorization_id
    return notifications.Told(
        customer_id=grant.customer_id,
        kind="cashback.credited",
        facts={
            "authorization": authorizations.shown_id(authorization) if authorization else None,
            "amount": reward,
            "merchant": bought.merchant_name,
        },
    )


def _paid_in(chosen: str, *, currency: str, now: datetime) -> str:
    """Return what a reward is paid in: the card's currency when the chosen asset is delisted."""
    if chosen == currency or live.current().may_buy(chosen, now):
        return chosen
    gone = assets.statuses([chosen]).get(chosen) in {Status.DELISTING, Status.DELISTED}
    return currency if gone else chosen


def _units_worth(
    value: Decimal, *, asset: str, currency: str, now: datetime
) -> tuple[Decimal, dict[str, str]]:
    """Return floor(value / ask) base units of `asset`, and the price to record."""
    if asset == currency:
        return value, {}
    board = live.current()
    if not (board.may_buy(asset, now) and board.is_fresh(currency, now)):
        raise RewardHasNoPrice(asset=asset)
    ask = board.base_ask_in(asset, currency)
    details = {"ask": plain(floor_to(ask, 18)), "board_version": str(board.version)}
    return floor_to(value / ask, places_of(asset)), details
