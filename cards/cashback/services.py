"""Pay and take back rewards: always the difference to what was paid before, so once each."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from cards.authorizations.models import Authorization
from cards.cashback.models import ClawBack, Grant
from cards.cashback.rules import Taken, reward_owed, take_back
from cards.clearing import queries as clearing
from cards.clearing.models import CardTransaction
from cards.clearing.queries import Purchase
from cards.issuing import queries as issuing
from fx.prices import live
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import services as lots
from krak.api.shapes import AmountSerializer
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.money import floor_to, places_of, plain
from krak.core.transactions import takes_part
from krak.notifications import services as notifications


class RewardHasNoPrice(DomainError):
    """The chosen asset has no fresh price now; the reward is paid a little later."""

    code = "cashback.no_price"
    title = "The reward's asset has no price right now."
    kind = Kind.UNAVAILABLE


@takes_part
def settle(*, customer_id: UUID, group: str, now: datetime) -> None:
    """Bring what a purchase has earned and what was paid for it together; again is harmless.

    Raises:
        RewardHasNoPrice: something is owed in an asset that has no fresh price.
    """
    ledger.lock_books([customer_id])
    purchase = clearing.purchase(customer_id=customer_id, group=group)
    if purchase is None:
        return
    policy = issuing.policy_in_force(
        customer_id=customer_id, currency=purchase.currency, at=purchase.first_event_at
    )
    places = places_of(purchase.currency)
    net = purchase.net(frozenset(policy.unrewarded_mccs))
    owed = reward_owed(net, bps=policy.cashback_bps, places=places)
    grants = Grant.objects.filter(customer_id=customer_id, group=group).order_by("number")
    paid: Decimal = grants.aggregate(total=Sum("value_left", default=Decimal(0)))["total"]
    if owed > paid:
        _grant(customer_id, group, purchase, owed - paid, number=len(grants) + 1, now=now)
    else:
        for grant in reversed(grants):
            back = min(paid - owed, grant.value_left)
            if back > 0:
                _claw_back(grant, back, now=now)
                paid -= back


def _grant(
    customer_id: UUID, group: str, purchase: Purchase, value: Decimal, *, number: int, now: datetime
) -> None:
    currency = purchase.currency
    asset = issuing.spending_profile(customer_id=customer_id).cashback_asset
    units, details = _units_worth(value, asset=asset, currency=currency, now=now)
    if units <= 0:
        return
    account = ledger.account_of(customer_id=customer_id, currency=asset)
    legs = [Leg(DEBIT, currency, value, house="CASHBACK_EXPENSE")]
    if asset != currency:
        legs += [
            Leg(CREDIT, currency, value, house="INVENTORY"),
            Leg(DEBIT, asset, units, house="INVENTORY"),
        ]
    legs.append(Leg(CREDIT, asset, units, account=account.id))
    entry = Entry(
        id=uuid7(),
        customer_id=customer_id,
        cause=f"cashback:{group}:{number}",
        kind="CASHBACK",
        event_at=now,
        created_at=now,
        legs=tuple(legs),
        details=details | {"merchant": purchase.transactions[0].merchant_name},
    )
    ledger.post(entry)
    if asset != currency:
        lots.add(
            customer_id=customer_id,
            currency=asset,
            units=units,
            cost=value,
            cost_currency=currency,
            entry_id=entry.id,
            acquired_at=now,
        )
    Grant.objects.create(
        id=uuid7(),
        customer_id=customer_id,
        entry_id=entry.id,
        group=group,
        number=number,
        currency=currency,
        value=value,
        value_left=value,
        asset=asset,
        units=units,
        units_left=units,
        granted_at=now,
    )
    _tell(customer_id, purchase.transactions[0], asset=asset, units=units, now=now)


def _tell(
    customer_id: UUID, bought: CardTransaction, *, asset: str, units: Decimal, now: datetime
) -> None:
    reward = ledger_reads.shown(units, code=asset, board=live.current(), now=now)
    purchase = bought.authorization_id
    notifications.promise(
        customer_id=customer_id,
        kind="cashback.credited",
        facts={
            "authorization": show(Authorization.PREFIX, purchase) if purchase else None,
            "amount": AmountSerializer(reward).data,
            "merchant": bought.merchant_name,
        },
    )


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


def _claw_back(grant: Grant, value: Decimal, *, now: datetime) -> None:
    customer_id, currency = grant.customer_id, grant.currency
    asset = ledger.account_of(customer_id=customer_id, currency=grant.asset)
    in_cash = grant.asset == currency
    taken = (
        Taken(value=value, asked=value, units=Decimal(0), cash=value)
        if in_cash
        else take_back(
            value,
            value_left=grant.value_left,
            units_left=grant.units_left,
            available=asset.posted - asset.held,
            unit_places=places_of(grant.asset),
            cash_places=places_of(currency),
        )
    )
    number = grant.claw_backs.count() + 1
    entry = _claw_back_entry(grant, taken, asset.id, number=number, now=now)
    if entry is not None:
        ledger.post(entry)
        if taken.units:
            lots.take(
                customer_id=customer_id,
                currency=grant.asset,
                units=taken.units,
                proceeds=taken.value - taken.cash,
                entry_id=entry.id,
                now=now,
            )
        ClawBack.objects.create(
            id=uuid7(),
            customer_id=customer_id,
            entry_id=entry.id,
            grant=grant,
            value=taken.value,
            units=taken.units,
            cash=taken.cash,
            taken_at=now,
        )
    # Exactly what was asked leaves, so that the last piece of a refund leaves no dust behind.
    grant.units_left -= taken.asked
    grant.value_left -= value
    grant.save(update_fields=["value_left", "units_left"])


def _claw_back_entry(
    grant: Grant, taken: Taken, asset_account: UUID, *, number: int, now: datetime
) -> Entry | None:
    """Return the entry that takes a reward back, or None when nothing would move."""
    currency, from_units = grant.currency, taken.value - taken.cash
    legs: list[Leg] = []
    if taken.units:
        legs += [
            Leg(DEBIT, grant.asset, taken.units, account=asset_account),
            Leg(CREDIT, grant.asset, taken.units, house="INVENTORY"),
        ]
        if from_units:
            legs += [
                Leg(DEBIT, currency, from_units, house="INVENTORY"),
                Leg(CREDIT, currency, from_units, house="CASHBACK_EXPENSE"),
            ]
    if taken.cash:
        cash = ledger.account_of(customer_id=grant.customer_id, currency=currency)
        legs += [
            Leg(DEBIT, currency, taken.cash, account=cash.id, forced=True),
            Leg(CREDIT, currency, taken.cash, house="CASHBACK_EXPENSE"),
        ]
    if not legs:
        return None
    return Entry(
        id=uuid7(),
        customer_id=grant.customer_id,
        cause=f"cashback:{grant.group}:{grant.number}:back:{number}",
        kind="CASHBACK_TAKEN_BACK",
        event_at=now,
        created_at=now,
        legs=tuple(legs),
        details={"grant": str(grant.id)},
    )
