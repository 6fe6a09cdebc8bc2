"""Ask for a withdrawal; cancel it while it is not sent."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from fx.assets.rules import AssetFacts
from fx.prices.rules import Board
from fx.quotes import queries as quotes
from holdings.funding import queries
from holdings.funding.models import UNSENT, Destination, Withdrawal, WithdrawalState
from holdings.funding.providers import require_rail
from holdings.funding.services.books import as_shown, tell, told_of
from holdings.funding.services.destinations import name_of
from holdings.funding.services.permission import lock_and_permit
from holdings.funding.services.top_ups import AmountTooFine
from holdings.ledger import queries as ledger_reads
from holdings.ledger import services as ledger
from holdings.trading.services import InsufficientFunds
from krak.cases import services as cases
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.money import is_exact, plain
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part
from krak.customers.models import Act, Customer


class BelowMinimum(DomainError):
    """Less than the rail sends; `facts` say the least."""

    code = "funding.below_minimum"
    title = "This is less than the smallest withdrawal."
    kind = Kind.REFUSED


class FeeChanged(DomainError):
    """The fee is no longer what was shown; `facts` say what it is now."""

    code = "funding.fee_changed"
    title = "The fee has changed; look at the preview again."
    kind = Kind.CONFLICT


class CoolingDown(DomainError):
    """A new destination takes little at first; `facts` say until when and how much is left."""

    code = "funding.destination_cooling_down"
    title = "This destination is new; more can be sent there later."
    kind = Kind.REFUSED


class BalanceNegative(DomainError):
    """Something is owed to us, and nothing leaves before it is settled."""

    code = "funding.balance_negative"
    title = "A balance is below zero and has to be settled first."
    kind = Kind.REFUSED


class AlreadySent(DomainError):
    """It is too late to cancel."""

    code = "funding.already_sent"
    title = "This withdrawal was sent or has ended."
    kind = Kind.CONFLICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a withdrawal would cost now: `amount` arrives, `amount + fee` leaves (base units)."""

    currency: str
    amount: Decimal
    fee: Decimal
    minimum: Decimal
    usd: Decimal
    needs_approval: bool
    destination: Destination

    @property
    def total(self) -> Decimal:
        """What leaves the customer."""
        return self.amount + self.fee


def preview(
    *, destination: Destination, amount: Decimal, currency: str, board: Board, now: datetime
) -> Preview:
    """Return what sending `amount`, in shown units, to a destination costs; nothing is kept.

    Raises:
        UnknownAsset, NotOnRail, AmountTooFine, BelowMinimum, NoPriceNow: as their titles say.
        StalePrice: see `fx.quotes.queries.require_of_the_moment`.
    """
    asset = queries.require_on_rail(currency, destination.rail)
    units = _units(amount, asset, board=board, now=now)
    terms = queries.terms_of(
        rail=destination.rail, code=currency, places=asset.decimals, board=board, now=now
    )
    if units < terms.minimum_withdrawal:
        raise BelowMinimum(
            asset=currency, minimum=as_shown(terms.minimum_withdrawal, currency, now=now)
        )
    usd = queries.usd_value(units + terms.fee, currency, board=board)
    return Preview(
        currency=currency,
        amount=units,
        fee=terms.fee,
        minimum=terms.minimum_withdrawal,
        usd=usd,
        needs_approval=usd > settings.WITHDRAWAL_APPROVAL_USD,
        destination=destination,
    )


def _units(amount: Decimal, asset: AssetFacts, *, board: Board, now: datetime) -> Decimal:
    if not asset.properties.has_multiplier:
        if not is_exact(amount, asset.decimals):
            raise AmountTooFine(asset=asset.code, decimals=asset.decimals)
        return amount
    side = quotes.side_of(asset.code, board=board)
    quotes.require_of_the_moment(side, board=board, now=now)
    try:
        return quotes.in_base_units(amount, side, up=False)
    except quotes.AmountTooFine as refusal:
        raise AmountTooFine(**refusal.facts) from None


@takes_part
def request(
    *,
    customer: Customer,
    destination_id: UUID,
    amount: Decimal,
    currency: str,
    fee: Decimal,
    board: Board,
    now: datetime,
) -> Withdrawal:
    """Set money aside and promise to send it; `fee` is the one that the customer was shown.

    Both amounts are in shown units. A lower fee than shown is taken as it is. A large withdrawal
    waits for two members of staff.

    Raises:
        DestinationNotFound, RailUnavailable, FeeChanged, CoolingDown, BalanceNegative: as their
            titles say.
        InsufficientFunds: less is available than amount and fee.
        What `preview` and `lock_and_permit` raise.
    """
    ledger.lock_books([customer.id])
    destination = queries.destination_of(destination_id=destination_id, customer_id=customer.id)
    provider = require_rail(destination.rail)
    found = preview(destination=destination, amount=amount, currency=currency, board=board, now=now)
    now_fee = ledger_reads.shown(found.fee, code=currency, board=board, now=now).amount
    if now_fee > fee:
        raise FeeChanged(fee=plain(now_fee), shown=plain(fee))
    lock_and_permit(customer, Act.WITHDRAW, usd=found.usd, board=board, now=now)
    _require_cooled(found, now=now)
    _require_funds(customer.id, found, now=now)
    state = WithdrawalState.READY
    if found.needs_approval:
        state = WithdrawalState.AWAITING_APPROVAL
    made = Withdrawal.objects.create(
        id=uuid7(),
        customer=customer,
        destination=destination,
        rail=destination.rail,
        currency=currency,
        amount=found.amount,
        fee=found.fee,
        usd_value=found.usd,
        state=state,
        provider=provider,
        created_at=now,
    )
    set_aside(made, found.total, now=now)
    if found.needs_approval:
        cases.open_case(
            kind="withdrawal_to_approve", subject=show(Withdrawal.PREFIX, made.id),
            customer_id=customer.id, now=now, about=made, amount=plain(made.amount),
            currency=currency, usd=plain(found.usd),
        )  # fmt: skip
    else:
        outbox.promise("funding.send", {"withdrawal": str(made.id)})
    return made


def _require_cooled(found: Preview, *, now: datetime) -> None:
    destination = found.destination
    if now >= destination.usable_at:
        return
    left = settings.COOL_DOWN_ALLOWANCE_USD - queries.sent_while_new(destination=destination)
    if found.usd > left:
        raise CoolingDown(
            usable_at=destination.usable_at.isoformat(), left_usd=plain(max(left, Decimal(0)))
        )


def _require_funds(customer_id: UUID, found: Preview, *, now: datetime) -> None:
    balances = ledger_reads.balances(customer_id=customer_id)
    negative = [code for code, balance in balances.items() if balance.available < 0]
    if negative:
        raise BalanceNegative(currencies=negative)
    balance = balances.get(found.currency)
    available = balance.available if balance else Decimal(0)
    if available < found.total:
        raise InsufficientFunds(
            asset=found.currency,
            needed=as_shown(found.total, found.currency, now=now),
            available=as_shown(available, found.currency, now=now),
        )


@takes_part
def cancel(*, withdrawal_id: UUID, customer_id: UUID, now: datetime) -> Withdrawal:
    """Cancel what was not sent and free the money; again is harmless.

    Raises:
        WithdrawalNotFound: there is none.
        AlreadySent: it is too late.
    """
    ledger.lock_books([customer_id])
    found = queries.withdrawal_of(withdrawal_id=withdrawal_id, customer_id=customer_id)
    if found.state == WithdrawalState.CANCELED:
        return found
    if found.state not in UNSENT:
        raise AlreadySent(state=found.state.lower())
    end_unsent(found, why="Canceled by the customer.", now=now)
    return found


@takes_part
def end_unsent(withdrawal: Withdrawal, *, why: str, now: datetime) -> None:
    """Cancel what was not sent and free the money. The book must be locked."""
    set_aside(withdrawal, Decimal(0), now=now)
    withdrawal.state, withdrawal.ended_at = WithdrawalState.CANCELED, now
    withdrawal.failure = why
    withdrawal.save(update_fields=["state", "ended_at", "failure"])
    cases.settle_case(
        kind="withdrawal_to_approve", subject=show(Withdrawal.PREFIX, withdrawal.id),
        reason=why, now=now,
    )  # fmt: skip
    tell(withdrawal.customer_id, "withdrawal.canceled", **facts_of(withdrawal, now=now), reason=why)


@takes_part
def set_aside(withdrawal: Withdrawal, amount: Decimal, *, now: datetime) -> None:
    """Make what is set aside for a withdrawal exactly `amount`. The book must be locked."""
    account = ledger.account_of(customer_id=withdrawal.customer_id, currency=withdrawal.currency)
    ledger.set_hold(
        customer_id=withdrawal.customer_id,
        account_id=account.id,
        reference=withdrawal.hold_reference,
        amount=amount,
        now=now,
    )


def facts_of(withdrawal: Withdrawal, *, now: datetime) -> dict[str, str]:
    """Return what a notice says of a withdrawal."""
    currency = withdrawal.currency
    return {
        "withdrawal": show(Withdrawal.PREFIX, withdrawal.id),
        **told_of(currency, now=now, amount=withdrawal.amount, fee=withdrawal.fee),
        "currency": currency,
        "destination": name_of(withdrawal.destination),
    }
