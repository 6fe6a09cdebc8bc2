"""Captures and refunds: the network's final records, each posted once."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cards.clearing.models import CardTransaction
from cards.clearing.rules import Transaction
from cards.clearing.services.captures import capture
from cards.clearing.services.keeping import tell
from cards.clearing.services.refunds import refund
from cards.clearing.services.standing import owners_of
from cards.issuing.events import EventRefused
from cards.issuing.queries import Owned
from holdings.ledger import services as ledger
from krak.core.transactions import takes_part


@takes_part
def apply_transactions(told: Sequence[Transaction], /, *, now: datetime) -> None:
    """Post captures in full and credit refunds, exactly once per transaction id.

    A customer's are applied in their order; captures of different customers together.

    Raises:
        CardNotOurs: a card is unknown.
        EventRefused: a transaction contradicts the card or the authorization it names.
    """
    owners = owners_of((each.card_stripe_id, each.currency) for each in told)
    ledger.lock_books(owner.customer_id for owner in owners.values())
    together: dict[UUID, tuple[Transaction, Owned]] = {}
    rows: list[CardTransaction] = []
    for each in _not_posted(told, owners):
        owner = owners[each.card_stripe_id]
        if each.is_refund or owner.customer_id in together:
            rows += capture(list(together.values()), now=now)
            together.clear()
        if each.is_refund:
            rows.append(refund(each, owner, now=now))
        else:
            together[owner.customer_id] = each, owner
    rows += capture(list(together.values()), now=now)
    tell(rows, now=now)


def _not_posted(told: Sequence[Transaction], owners: dict[str, Owned]) -> list[Transaction]:
    """Return each transaction once that was not posted before."""
    new = {each.stripe_id: each for each in told}
    posted = CardTransaction.objects.filter(stripe_id__in=new)
    for stripe_id, customer_id in posted.values_list("stripe_id", "customer_id"):
        if customer_id != owners[new[stripe_id].card_stripe_id].customer_id:
            raise EventRefused("the transaction was posted for another customer")
        del new[stripe_id]
    return list(new.values())


@takes_part
def note_won(*, transaction_id: UUID, amount: Decimal) -> None:
    """Keep what disputes of a capture have won in all; it earns nothing."""
    CardTransaction.objects.filter(id=transaction_id).update(won_back=amount)
