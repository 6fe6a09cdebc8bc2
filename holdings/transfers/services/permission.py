"""Who may send how much, and who may be sent it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.conf import settings

from fx.assets import queries as assets
from fx.eligibility import queries as eligibility
from fx.prices.rules import Board
from fx.quotes.queries import (
    AccountFrozen,
    in_base_units,
    rate_from_usd,
    require_countable,
    require_of_the_moment,
    side_of,
)
from fx.quotes.rules import usd_value
from holdings.ledger.queries import balances
from holdings.transfers import queries
from krak.core.errors import DomainError, Kind
from krak.core.money import plain
from krak.customers.models import Act, Customer
from krak.customers.queries import permitted, require_within
from krak.customers.rules import SANCTIONED


class InsufficientFunds(DomainError):
    """Less is available than is to be sent; `facts.next` says how to send it all the same."""

    code = "transfers.insufficient_funds"
    title = "Not enough of this asset is available; another one can be converted."
    kind = Kind.REFUSED


class ToOneself(DomainError):
    """Money is sent to, and asked of, others."""

    code = "transfers.to_oneself"
    title = "That is your own tag; name somebody else's."


class RecipientNotEligible(DomainError):
    """The recipient may not hold the asset; why is theirs to know."""

    code = "transfers.recipient_not_eligible"
    title = "They cannot receive this asset; send another one."
    kind = Kind.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """How much of what: base units, and their worth in USD by which limits count."""

    currency: str
    units: Decimal
    usd: Decimal


def sum_of(amount: Decimal, currency: str, *, board: Board, now: datetime) -> Sum:
    """Return what an amount in shown units is.

    Raises:
        UnknownAsset, NoPriceNow: see `side_of`.
        StalePrice: see `fx.quotes.queries.require_of_the_moment`.
        AmountTooFine, AmountTooLarge, BelowMinimum: it is not an amount of this asset.
    """
    side = side_of(currency, board=board)
    require_of_the_moment(side, board=board, now=now)
    units = in_base_units(amount, side, up=False)
    require_countable(units)
    return Sum(currency=currency, units=units, usd=usd_value(units, side))


def sum_in(units: Decimal, currency: str, *, board: Board) -> Sum:
    """Return what base units are.

    Raises:
        UnknownAsset, NoPriceNow: see `side_of`.
    """
    return Sum(currency=currency, units=units, usd=usd_value(units, side_of(currency, board=board)))


def require_may_send(sender: Customer, what: Sum, *, board: Board, now: datetime) -> None:
    """Refuse what the sender may not send today; final only once their book is locked.

    Raises:
        AccountFrozen: compliance froze the account.
        What `krak.customers.queries.permitted` and `require_within` raise.
    """
    require_not_frozen(sender)
    allowance = permitted(sender, Act.PAY, now=now)
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rate = rate_from_usd(allowance.currency, board=board)
    day, month = (
        (queries.sent_usd(customer_id=sender.id, since=since) + what.usd) * rate
        for since in (today, today.replace(day=1))
    )
    require_within(allowance, day=day, month=month)


def require_not_frozen(customer: Customer) -> None:
    """Refuse whom compliance froze, as it stands now.

    Raises:
        AccountFrozen: they are.
    """
    customer.refresh_from_db(fields=["frozen_at"])
    if customer.frozen_at is not None:
        raise AccountFrozen


def require_may_be_paid(
    *, sender_id: object, recipient: Customer, currency: str, now: datetime
) -> None:
    """Refuse at once what the recipient could never take.

    Raises:
        ToOneself: they are the sender.
        RecipientNotEligible: where they live, nobody may hold the asset, or we serve nobody.
    """
    if recipient.id == sender_id:
        raise ToOneself
    try:
        eligibility.require_eligible(customer=recipient, asset=assets.facts(currency), now=now)
    except (eligibility.NotEligible, eligibility.SuitabilityNeeded):
        raise RecipientNotEligible(asset=currency) from None
    if recipient.country in SANCTIONED:
        raise RecipientNotEligible(asset=currency)


def require_may_take(recipient: Customer, currency: str, *, now: datetime) -> None:
    """Refuse whom money that waits for them cannot reach now, whatever was so when it was sent.

    Raises:
        AccountFrozen: compliance froze the account.
        NotEligible, SuitabilityNeeded: where they live now, they may not hold the asset.
        What `krak.customers.queries.permitted` raises: what is still missing, and where to go.
    """
    _require_able(recipient, now=now)
    eligibility.require_eligible(customer=recipient, asset=assets.facts(currency), now=now)


def can_receive(recipient: Customer, *, now: datetime) -> bool:
    """Tell whether the recipient may take money right now."""
    try:
        _require_able(recipient, now=now)
    except DomainError:
        return False
    return True


def _require_able(recipient: Customer, *, now: datetime) -> None:
    require_not_frozen(recipient)
    permitted(recipient, Act.PAY, now=now)


def available(customer: Customer, currency: str) -> Decimal:
    """Return the base units that can be sent: neither set aside nor owed."""
    account = balances(customer_id=customer.id).get(currency)
    return max(Decimal(0), account.available) if account else Decimal(0)


def require_funds(sender: Customer, what: Sum, *, board: Board, now: datetime) -> None:
    """Refuse to send more than there is; the book must be locked.

    Raises:
        InsufficientFunds: less is available.
    """
    have = available(sender, what.currency)
    if have < what.units:
        multiplier = board.multiplier(what.currency, now)
        raise InsufficientFunds(
            asset=what.currency,
            needed=plain(what.units * multiplier),
            available=plain(have * multiplier),
            next="/v1/transfers/quote",
        )


def needs_proof(sender: Customer, recipient: Customer | None, what: Sum) -> bool:
    """Tell whether a stolen phone must not do this: much, for somebody never paid before."""
    if what.usd < settings.TRANSFER_STEP_UP_USD:
        return False
    return recipient is None or not queries.has_paid(
        customer_id=sender.id, recipient_id=recipient.id
    )
