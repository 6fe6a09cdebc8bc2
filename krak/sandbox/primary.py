"""Play the staff and the custodian of the primary market: nobody has to be let in by two people."""

from uuid import UUID

from holdings.funding.providers.paper import Paper
from holdings.primary.models import Party, Request
from holdings.primary.services import decisions, parties
from krak.core import clock
from krak.core.transactions import transaction
from krak.customers.models import Customer


def let_in(customer: Customer, network: str) -> Party:
    """Make a customer a party with a wallet on paper, as two people would.

    Raises:
        What `parties.register` raises.
    """
    wallet, _memo = Paper().open_address(key=f"party {customer.id}", network=network)
    now = clock.now()
    with transaction():
        party = parties.register(customer_id=customer.id, network=network, wallet=wallet, now=now)
        parties.let_in(party_id=party.id, now=now)
    party.refresh_from_db()
    return party


def decide(request_id: UUID, outcome: str) -> Request:
    """Let a request be `accepted`, as by two people, or `rejected`, as by one.

    Raises:
        What `decisions.accept` and `decisions.reject` raise.
    """
    now = clock.now()
    if outcome == "accepted":
        with transaction():
            decisions.accept(request_id=request_id, now=now)
    else:
        decisions.reject(request_id=request_id, reason="Rejected in the sandbox.", now=now)
    return Request.objects.get(id=request_id)
