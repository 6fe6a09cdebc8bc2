"""Let a customer into the primary market, which takes two people, and out of it again."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from holdings.funding.rules.addresses import canonical, is_address
from holdings.ledger import services as ledger
from holdings.primary import queries
from holdings.primary.models import Party, RequestState
from holdings.primary.services.decisions import NOT_APPROVED, ReasonMissing, reject_waiting
from krak.approvals import services as approvals
from krak.approvals.rules import Proposed
from krak.core.audit.context import because
from krak.core.errors import DomainError, Kind
from krak.core.ids import read, show, uuid7
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Act, Customer, User
from krak.customers.queries import customer as customer_of
from krak.customers.queries import permitted

if TYPE_CHECKING:
    from krak.approvals.models import Proposal

KIND: Final = "primary.party"
ENDED: Final = "The party has ended."


class AlreadyAParty(DomainError):
    """A customer is one party at a time."""

    code = "primary.already_a_party"
    title = "This customer is a party already, or is proposed to be one."
    kind = Kind.CONFLICT


class WalletTaken(DomainError):
    """The wallet is another party's."""

    code = "primary.wallet_taken"
    title = "This wallet is another party's."
    kind = Kind.CONFLICT


class NetworkWithoutShares(DomainError):
    """Nothing could be minted there."""

    code = "primary.network_without_shares"
    title = "No tokenized share is on this network."
    kind = Kind.REFUSED


class WalletMalformed(DomainError):
    """Its checksum does not fit."""

    code = "primary.wallet_malformed"
    title = "This is no address of the network."


class PartyEnded(DomainError):
    """There is nothing to end."""

    code = "primary.party_ended"
    title = "This party has ended."
    kind = Kind.CONFLICT


@transaction
def propose_party(
    *, customer_id: UUID, network: str, wallet: str, reason: str, by: User, now: datetime
) -> "Proposal":
    """Put before a second person to let a customer in, with a wallet the issuer has whitelisted.

    Raises:
        What `register` raises.
        NotAllowed, WordsMissing, AlreadyProposed: as of `approvals.services.propose`.
    """
    party = register(customer_id=customer_id, network=network, wallet=wallet, now=now)
    # The wallet stands in its row, which can forget.
    payload: dict[str, Any] = {"customer": show(Customer.PREFIX, customer_id), "network": network}
    return approvals.propose(
        kind=KIND,
        subject=show(Party.PREFIX, party.id),
        payload=payload,
        reason=reason,
        by=by,
        now=now,
    )


@takes_part
def register(*, customer_id: UUID, network: str, wallet: str, now: datetime) -> Party:
    """Write a party down that is not in yet.

    Raises:
        NetworkWithoutShares, WalletMalformed, AlreadyAParty, WalletTaken: as their titles say.
        What `krak.customers.queries.permitted` raises: they have not shown who they are.
    """
    ledger.lock_books([customer_id])
    customer = customer_of(customer_id)
    permitted(customer, Act.TRADE, now=now)
    found = queries.network_with_shares(network)
    if found is None:
        raise NetworkWithoutShares(network=network)
    if not is_address(found, wallet):
        raise WalletMalformed(network=network)
    if queries.is_or_may_be_party(customer_id=customer_id):
        raise AlreadyAParty
    taken = canonical(found, wallet)
    if Party.objects.filter(network=network, wallet=taken, ended_at=None).exists():
        raise WalletTaken
    return Party.objects.create(
        id=uuid7(), customer=customer, network=network, wallet=taken, created_at=now
    )


@takes_part
def let_in(*, party_id: UUID, now: datetime) -> None:
    """Let in whom two people agreed on.

    Raises:
        PartyEnded: it has ended meanwhile.
        What `krak.customers.queries.permitted` raises: they may not trade any more.
    """
    party = _locked(party_id)
    if party.ended_at is not None:
        raise PartyEnded
    permitted(customer_of(party.customer_id), Act.TRADE, now=now)
    party.onboarded_at = now
    party.save(update_fields=["onboarded_at"])


@takes_part
def turn_down(*, proposed: Proposed, now: datetime) -> None:
    """End a party that was rejected, withdrawn or not decided in time, before it was let in."""
    party = _locked(read(Party.PREFIX, proposed.subject))
    if party.onboarded_at is None and party.ended_at is None:
        _end(party, why=NOT_APPROVED, now=now)


@transaction
def end(*, party_id: UUID, reason: str, now: datetime) -> None:
    """Let a party ask for nothing more; what waits for a decision is rejected.

    What the issuer has goes on to its end.

    Raises:
        ReasonMissing: the reason is empty.
        PartyEnded: it has ended.
    """
    if not reason.strip():
        raise ReasonMissing
    with because(reason.strip()):
        party = _locked(party_id)
        if party.ended_at is not None:
            raise PartyEnded
        waiting = queries.requests(customer_id=party.customer_id)
        for request in waiting.filter(state=RequestState.REQUESTED):
            reject_waiting(request, why=ENDED, now=now)
        _end(party, why=reason.strip(), now=now)


def _locked(party_id: UUID) -> Party:
    """Lock the book of a party's customer and return the party as it stands now."""
    owner = Party.objects.values_list("customer_id", flat=True).get(id=party_id)
    ledger.lock_books([owner])
    return Party.objects.get(id=party_id, customer_id=owner)


def _end(party: Party, *, why: str, now: datetime) -> None:
    party.ended_at, party.ended_because = now, why
    party.save(update_fields=["ended_at", "ended_because"])
