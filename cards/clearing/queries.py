"""Reads of cleared purchases."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet

from cards.clearing.models import CardTransaction
from cards.clearing.rules import Kind
from krak.core.compiled import compiled
from krak.core.ids import MalformedId, read


@dataclass(frozen=True, slots=True)
class Purchase:
    """All captures and refunds of one purchase, in its currency."""

    currency: str
    first_event_at: datetime
    transactions: tuple[CardTransaction, ...]

    def net(self, unrewarded_mccs: frozenset[str]) -> Decimal:
        """Return Σ captures less what earns nothing, less refunds and what disputes won.

        Captures at merchants that earn nothing count 0. Source: the card policy, section 6.
        """
        total = Decimal(0)
        for row in self.transactions:
            if row.kind == Kind.REFUND:
                total -= row.amount
            elif row.kind == Kind.REFUND_REVERSAL:
                total += row.amount
            elif row.mcc not in unrewarded_mccs:
                total += row.amount - row.unrewarded - row.won_back
        return total

    @property
    def paid(self) -> Decimal:
        """Captures less the refunds that were not taken back."""
        rows = self.transactions
        moved = (-row.amount if row.kind == Kind.REFUND else row.amount for row in rows)
        return sum(moved, Decimal(0))


def transaction_of(*, customer_id: UUID, shown_id: str) -> CardTransaction | None:
    """Return one capture or refund of the customer by the id that clients see, or None."""
    try:
        wanted = read(CardTransaction.PREFIX, shown_id)
    except MalformedId:
        return None
    return CardTransaction.objects.filter(customer_id=customer_id, id=wanted).first()


def transaction_named(stripe_id: str) -> CardTransaction | None:
    """Return the transaction that Stripe names so, of whichever customer, or None."""
    return CardTransaction.objects.filter(stripe_id=stripe_id).first()


def transactions_named(stripe_ids: Iterable[str]) -> dict[str, CardTransaction]:
    """Return those transactions that Stripe names so, by its id."""
    rows = CardTransaction.objects.filter(stripe_id__in=list(stripe_ids))
    return {row.stripe_id: row for row in rows}


def happened(*, since: datetime, until: datetime) -> Iterator[str]:
    """Yield Stripe's ids of everybody's transactions from one moment to before another."""
    rows = CardTransaction.objects.filter(event_at__gte=since, event_at__lt=until)
    yield from rows.values_list("stripe_id", flat=True).iterator()


def reversal_of(refund: CardTransaction) -> CardTransaction | None:
    """Return the transaction in which the network took a refund back, if it did."""
    return CardTransaction.objects.filter(customer_id=refund.customer_id, reverses=refund).first()


def merchants(*, customer_id: UUID, groups: Iterable[str]) -> dict[str, str]:
    """Return where the purchases of these groups were made."""
    return dict(_merchants(customer_id, set(groups)))


@compiled
def _merchants(
    customer_id: UUID, groups: Collection[str]
) -> QuerySet[CardTransaction, tuple[str, str]]:
    found = CardTransaction.objects.filter(customer_id=customer_id, group__any=groups)
    return found.order_by("-event_at").values_list("group", "merchant_name")


def purchase(*, customer_id: UUID, group: str) -> Purchase | None:
    """Return the purchase of a group, or None while nothing of it has cleared."""
    return purchases([(customer_id, group)]).get((customer_id, group))


def purchases(wanted: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], Purchase]:
    """Return those purchases of (customer, group) of which something has cleared."""
    wanted = set(wanted)
    rows = CardTransaction.objects.filter(
        customer_id__in={customer_id for customer_id, _ in wanted},
        group__in={group for _, group in wanted},
    ).order_by("event_at", "id")
    cleared: dict[tuple[UUID, str], list[CardTransaction]] = {}
    for row in rows:
        cleared.setdefault((row.customer_id, row.group), []).append(row)
    return {
        key: Purchase(rows[0].currency, rows[0].event_at, tuple(rows))
        for key, rows in cleared.items()
        if key in wanted
    }
