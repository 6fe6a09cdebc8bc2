"""Reads across all features: whom a word names, what a customer has, how Krak is doing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from cards.authorizations.models import Authorization, Decision, StrayRequest
from cards.cashback.models import Grant
from cards.clearing.models import CardTransaction
from cards.issuing.models import Card
from fx.prices import live
from fx.prices.rules import NoPrice
from holdings.ledger.models import Hold, JournalEntry, LedgerAccount
from krak.approvals.models import Proposal
from krak.approvals.rules import State as ProposalState
from krak.cases.models import Case
from krak.cases.models import Status as CaseStatus
from krak.core.ids import MalformedId, read
from krak.core.money import floor_to
from krak.core.outbox.models import OutboxMessage
from krak.customers.models import Customer, Tag, Verification, VerificationState

MOST_FOUND: Final = 50
_LAST4_DIGITS: Final = 4

type Owned = Card | Authorization | Decision | CardTransaction
_STRIPES: Final[dict[str, tuple[type[Owned], str]]] = {
    "last4": (Card, "last4"),
    "ic": (Card, "stripe_id"),
    "ich": (Card, "cardholder__stripe_id"),
    "iauth": (Authorization, "stripe_id"),
    "ipi": (CardTransaction, "stripe_id"),
}
_OURS: Final[dict[str, type[Owned]]] = {
    table.PREFIX: table for table in (Card, Authorization, Decision, CardTransaction)
}


def customer_ids_named(term: str) -> list[UUID] | None:
    """Return whom an exact id names, or None when `term` is no id that we know of.

    Ids of customers, cards, authorizations, decisions and card transactions as clients see
    them, Stripe's ids of cards (`ic_`), cardholders (`ich_`), authorizations (`iauth_`) and
    transactions (`ipi_`), the four last digits of a card, and a tag with its `@`.
    """
    if term.startswith("@"):
        held = Tag.objects.filter(tag=term[1:].lower(), held=True)
        return list(held.values_list("customer_id", flat=True)[:MOST_FOUND])
    prefix = term.partition("_")[0]
    if len(term) == _LAST4_DIGITS and term.isdecimal():
        prefix = "last4"
    if found := _STRIPES.get(prefix):
        table, column = found
        return _owners(table, **{column: term})
    try:
        wanted = read(prefix, term)
    except MalformedId:
        return None
    if prefix == Customer.PREFIX:
        return [wanted]
    owned = _OURS.get(prefix)
    return None if owned is None else _owners(owned, pk=wanted)


def _owners(table: type[Owned], **named: str | UUID) -> list[UUID]:
    owners = table.objects.filter(**named).values_list("customer_id", flat=True)
    return list(owners.distinct()[:MOST_FOUND])


@dataclass(frozen=True, slots=True)
class Queue:
    """Work that waits for somebody: how much, and which rows of which table (label) it is."""

    title: str
    waiting: int
    table: str
    only: str


def queues(*, may_view: Callable[[str], bool]) -> list[Queue]:
    """Return what waits for staff; `may_view` tells whose tables (label) are to be seen."""
    waiting: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("Open cases", Case.objects.filter(status=CaseStatus.OPEN), ""),
        (
            "Approvals waiting",
            Proposal.objects.filter(state=ProposalState.PROPOSED),
            f"?state__exact={ProposalState.PROPOSED}",
        ),
        (
            "Verifications waiting",
            Verification.objects.filter(state=VerificationState.IN_REVIEW),
            f"?state__exact={VerificationState.IN_REVIEW}",
        ),
    )
    return [
        Queue(title, rows.count(), rows.model._meta.label_lower, only)  # noqa: SLF001 - Django's name
        for title, rows, only in waiting
        if may_view(rows.model._meta.label_lower)  # noqa: SLF001 - Django's name
    ]


@dataclass(frozen=True, slots=True)
class Worth:
    """An account, and what it is worth now in the customer's own currency if there is a price."""

    account: LedgerAccount
    value: Decimal | None


def worths(*, customer: Customer) -> list[Worth]:
    """Return the customer's accounts with what they are worth at the board's middle prices."""
    board = live.current()
    found = []
    for account in LedgerAccount.objects.filter(customer=customer).order_by("currency"):
        price = board.price(account.currency)
        try:
            middle = board.mid_in(account.currency, customer.home_currency)
        except NoPrice:
            value = None
        else:
            value = floor_to(account.posted * (price.multiplier if price else 1) * middle, 2)
        found.append(Worth(account, value))
    return found


def open_holds(*, customer_id: UUID) -> list[Hold]:
    """Return what is set aside, newest first."""
    holds = Hold.objects.filter(customer_id=customer_id, amount__gt=0).select_related("account")
    return list(holds.order_by("-id")[:MOST_FOUND])


def newest_entries(*, customer_id: UUID, most: int) -> list[JournalEntry]:
    """Return the newest journal entries with their postings."""
    entries = JournalEntry.objects.filter(customer_id=customer_id).prefetch_related("postings")
    return list(entries.order_by("-sequence")[:most])


def flags(*, customer_id: UUID) -> list[str]:
    """Return every flag on the customer's authorizations and transactions, sorted."""
    found: list[list[str]] = []
    for rows in (
        Authorization.objects.filter(customer_id=customer_id),
        CardTransaction.objects.filter(customer_id=customer_id),
    ):
        found += rows.exclude(flags=[]).values_list("flags", flat=True)
    return sorted({flag for flags_of_row in found for flag in flags_of_row})


@dataclass(frozen=True, slots=True)
class Purchase:
    """Everything that one authorization led to."""

    hold: Hold | None
    transactions: list[CardTransaction]
    entries: list[JournalEntry]
    grants: list[Grant]


def purchase(authorization: Authorization) -> Purchase:
    """Return the hold, the transactions, the journal entries and the rewards of a purchase."""
    owner, stripe_id = authorization.customer_id, authorization.stripe_id
    transactions = list(
        CardTransaction.objects.filter(customer_id=owner, group=stripe_id).order_by("event_at")
    )
    causes = Q(pk__in=[t.entry_id for t in transactions])
    for named in (
        f"authorization:{stripe_id}:",
        f"adoption:{stripe_id}:",
        f"cashback:{stripe_id}:",
    ):
        causes |= Q(cause__startswith=named)
    for transaction in transactions:
        causes |= Q(cause__startswith=f"transaction:{transaction.stripe_id}:")
    entries = JournalEntry.objects.filter(causes, customer_id=owner)
    return Purchase(
        hold=Hold.objects.select_related("account")
        .filter(customer_id=owner, reference=authorization.hold_reference)
        .first(),
        transactions=transactions,
        entries=list(entries.prefetch_related("postings").order_by("sequence")),
        grants=list(Grant.objects.filter(customer_id=owner, group=stripe_id).order_by("number")),
    )


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Decisions of one hour: by outcome, and the refused ones by reason."""

    by_outcome: Counter[str]
    by_reason: Counter[str]

    @property
    def total(self) -> int:
        """How many there were."""
        return self.by_outcome.total()


def _id_from(moment: datetime) -> UUID:
    """Return a bound below every id made from `moment` on: the key is the index by time."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def outcomes(*, now: datetime) -> Outcomes:
    """Return how the decisions of the last hour went, strays included as refused."""
    since = now - timedelta(hours=1)
    found = Outcomes(Counter(), Counter())
    decided = Decision.objects.filter(id__gte=_id_from(since))
    for outcome, reason, count in (
        decided.order_by().values_list("outcome", "reason").annotate(n=Count("*"))
    ):
        found.by_outcome[outcome] += count
        if reason:
            found.by_reason[reason] += count
    strays = StrayRequest.objects.filter(id__gte=_id_from(since))
    for reason, count in strays.order_by().values_list("reason").annotate(n=Count("*")):
        found.by_outcome["STRAY"] += count
        found.by_reason[reason] += count
    return found


@dataclass(frozen=True, slots=True)
class Promises:
    """How much promised work waits or was given up."""

    pending: int
    dead: int
    oldest_due_at: datetime | None


def promises() -> Promises:
    """Return the state of the outbox."""
    waiting = OutboxMessage.objects.filter(done_at=None, dead_at=None)
    return Promises(
        pending=waiting.count(),
        dead=OutboxMessage.objects.filter(dead_at__isnull=False).count(),
        oldest_due_at=waiting.order_by("due_at").values_list("due_at", flat=True).first(),
    )


def newest_strays(*, most: int) -> list[StrayRequest]:
    """Return the newest requests that no customer's book answered."""
    return list(StrayRequest.objects.order_by("-id").defer("request", "answer")[:most])
