"""Where a customer and their authorization stand: whose card, what cash, what hold, what is odd."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import Model

from cards.authorizations import queries as authorizations
from cards.issuing import queries as issuing
from cards.issuing.events import EventRefused
from cards.issuing.queries import Owned
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from holdings.ledger.queries import Balance
from krak.cases import services as cases
from krak.core.errors import Kind as ErrorKind
from krak.core.money import plain
from krak.core.transactions import takes_part

if TYPE_CHECKING:
    from cards.authorizations.models import Authorization

STAFF_FLAGS: Final = frozenset(
    {
        "force_capture",
        "capture_on_reversed",
        "capture_on_declined",
        "overdrawn",
        "unmatched_refund",
    }
)
"""What a person has to look at. Source: the card policy, sections 3 to 5."""


UNSEEN: Final = "capture_unknown_auth"
"""Of what was captured before anything was told of it."""


class CardNotOurs(EventRefused):
    """An event names a card that is not in our directory."""

    code = "clearing.card_not_ours"
    title = "The event names a card that we do not know."
    kind = ErrorKind.NOT_FOUND


def owner_of(card_stripe_id: str, *, currency: str) -> Owned:
    """Return whose card a Stripe card is. Raises as `owners_of`."""
    return owners_of([(card_stripe_id, currency)])[card_stripe_id]


def owners_of(cards: Iterable[tuple[str, str]]) -> dict[str, Owned]:
    """Return whose cards these Stripe cards are, of each of which something in a currency is told.

    Raises:
        CardNotOurs: one is nobody's here.
        EventRefused: what is told of one is in another currency than the card's.
    """
    cards = set(cards)
    found = issuing.owners_of_cards(stripe_id for stripe_id, _ in cards)
    for stripe_id, currency in cards:
        if stripe_id not in found:
            raise CardNotOurs(card=stripe_id)
        if found[stripe_id].currency != currency:
            raise EventRefused(f"{currency} on a card in {found[stripe_id].currency}")
    return found


def authorization_of(customer_id: UUID, stripe_id: str | None) -> "Authorization | None":
    """Return the customer's authorization that Stripe names so, or None for one never seen.

    Raises:
        EventRefused: it is another customer's.
    """
    return None if stripe_id is None else authorizations_of({stripe_id: customer_id}).get(stripe_id)


def authorizations_of(wanted: Mapping[str, UUID]) -> "dict[str, Authorization]":
    """Return those authorizations (Stripe's id → its customer) that were seen before.

    Raises:
        EventRefused: one is another customer's.
    """
    found = authorizations.seen_before(wanted)
    missing = wanted.keys() - found.keys()
    if missing and authorizations.is_anybodys(missing):
        raise EventRefused("the authorization is of another customer's card")
    return found


def cash_of(customer_id: UUID, currency: str) -> Balance:
    """Return the customer's cash as it is now, in an account opened if there was none."""
    account = ledger.account_of(customer_id=customer_id, currency=currency)
    return Balance(account.id, currency, account.posted, account.held, account.created_at)


def held_of(customer_id: UUID, authorization: "Authorization") -> Decimal:
    """Return what an authorization still holds."""
    return ledger_reads.held_under(authorization.hold_reference, customer_id=customer_id)


def set_hold(
    customer_id: UUID, authorization: "Authorization", amount: Decimal, *, now: datetime
) -> None:
    """Make an authorization's hold exactly `amount`, also beyond what is available."""
    ledger.set_hold(
        customer_id=customer_id,
        account_id=cash_of(customer_id, authorization.currency).account_id,
        reference=authorization.hold_reference,
        amount=amount,
        now=now,
        forced=True,
    )


def open_cases(
    flags: Iterable[str],
    *,
    subject: str,
    customer_id: UUID,
    about: Model,
    amount: Decimal,
    currency: str,
    now: datetime,
    **details: Any,
) -> None:
    """Put those of `flags` that staff must see before them, with where the cash stands now."""
    for flag in sorted(STAFF_FLAGS.intersection(flags)):
        cash = cash_of(customer_id, currency)
        cases.open_case(
            kind=flag,
            subject=subject,
            customer_id=customer_id,
            now=now,
            about=about,
            amount=plain(amount),
            currency=currency,
            posted=plain(cash.posted),
            available=plain(cash.available),
            **details,
        )


@takes_part
def look_for_overdraft(
    *,
    subject: str,
    customer_id: UUID,
    about: Model,
    amount: Decimal,
    currency: str,
    now: datetime,
) -> None:
    """Put a customer before staff who has less than nothing after what took `amount` from them."""
    if cash_of(customer_id, currency).available < 0:
        open_cases(
            ["overdrawn"],
            subject=subject,
            customer_id=customer_id,
            about=about,
            amount=amount,
            currency=currency,
            now=now,
        )
