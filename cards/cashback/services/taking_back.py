"""Take rewards back: in what they were paid in, and what is no longer there in cash."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cards.cashback.models import ClawBack, Grant
from cards.cashback.rules import Taken, take_back
from cards.clearing.services import look_for_overdraft
from holdings.ledger import services as ledger
from holdings.ledger.rules import CREDIT, DEBIT, Entry, Leg
from holdings.lots import services as lots
from krak.core.ids import uuid7
from krak.core.money import places_of
from krak.core.transactions import takes_part


@takes_part
def claw_back(grant: Grant, value: Decimal, *, now: datetime) -> None:
    """Take back so much of a grant's value, in what it was paid in; the customer's book is locked.

    What is no longer there is owed in cash, and whoever has too little of that is put before staff.
    """
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
            lots.sell(
                lots.Moved(customer_id, grant.asset, taken.units, entry.id, now),
                proceeds=taken.value - taken.cash,
                cash=currency,
            )
        if taken.cash:
            lots.spend([lots.Moved(customer_id, currency, taken.cash, entry.id, now)])
            look_for_overdraft(
                subject=entry.cause,
                customer_id=customer_id,
                about=grant,
                amount=taken.cash,
                currency=currency,
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
