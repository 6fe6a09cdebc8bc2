"""What parties ask for, what staff decide, and what there is to look at afterwards."""

from decimal import Decimal
from typing import Any

from holdings.funding.rules.addresses import base58
from holdings.ledger import queries as ledger
from holdings.primary.models import Party, Request
from holdings.primary.services import decisions, parties
from krak.approvals import services as approvals
from krak.approvals.models import Proposal
from krak.core import clock
from krak.core.ids import read, show
from krak.core.transactions import transaction
from krak.notifications.models import Notification
from krak.sandbox import services as sandbox
from tests.funding.world import balance, books_hold, work
from tests.people import Known
from tests.staff import staff

__all__ = ["balance", "books_hold", "work"]

WALLET = "11111111111111111111111111111112"
EVM_WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def agree(proposal: Proposal, right: str) -> Proposal:
    """Let a second person with this right approve."""
    return approvals.approve(
        proposal_id=proposal.id, content_hash=proposal.content_hash, by=staff(right),
        note="looked at it", now=clock.now(),
    )  # fmt: skip


def propose_party(known: Known, *, network: str = "solana", wallet: str = WALLET) -> Proposal:
    """Let somebody propose a customer for the primary market."""
    return parties.propose_party(
        customer_id=known.customer.id, network=network, wallet=wallet, reason="known for long",
        by=staff("primary.propose_party"), now=clock.now(),
    )  # fmt: skip


def let_in(known: Known, *, network: str = "solana", wallet: str = "") -> Party:
    """Let two people make a customer a party, with a wallet of their own unless it is given."""
    own = wallet or wallet_of(known)
    agree(propose_party(known, network=network, wallet=own), "primary.approve_party")
    return Party.objects.get(customer=known.customer, ended_at=None)


def wallet_of(known: Known) -> str:
    """Return an address on Solana that nobody else has."""
    return base58(known.customer.id.bytes * 2)


def at_home_in_euros(*, dollars: str, cost: str) -> Known:
    """Return a customer at home in euros, who holds dollars that cost so much."""
    now = clock.now()
    with transaction():
        customer, token, card = sandbox.create_customer(
            sandbox.NewCustomer(
                country="BR", card_currency="EUR", cash=Decimal(0),
                holdings=[sandbox.Holding("USD", Decimal(dollars), Decimal(cost))],
                spend_order=None, excluded=(), cashback_asset=None, policy={},
            ),
            now=now,
        )  # fmt: skip
    return Known(customer, token, card)


def subscribe(known: Known, cash: str = "10200.00", asset: str = "AAPLx", *, key: str = "") -> Any:
    """Ask for shares."""
    return known.send("/v1/primary/subscriptions", {"asset": asset, "cash": cash}, key=key)


def redeem(known: Known, units: str = "51", asset: str = "AAPLx") -> Any:
    """Ask for cash."""
    return known.send("/v1/primary/redemptions", {"asset": asset, "units": units})


def made(answer: Any) -> Request:
    """Return the row of what was asked for."""
    assert answer.status_code == 201, answer.content
    return Request.objects.get(id=read(Request.PREFIX, answer.json()["id"]))


def propose(request: Request) -> Proposal:
    """Let somebody propose to accept a request."""
    return decisions.propose_acceptance(
        request_id=request.id, reason="as usual", by=staff("primary.propose_request"),
        now=clock.now(),
    )  # fmt: skip


def accept(request: Request) -> None:
    """Let two people accept a request; the issuer does not have it yet."""
    agree(propose(request), "primary.approve_request")


def shown(known: Known, request: Request) -> dict[str, Any]:
    """Return a request as its party sees it."""
    answer = known.get(f"/v1/primary/requests/{show(Request.PREFIX, request.id)}")
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def refusal(answer: Any) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


def told(known: Known) -> list[str]:
    """Return which notices the party got, oldest first."""
    rows = Notification.objects.filter(customer=known.customer).order_by("id")
    return list(rows.values_list("kind", flat=True))


def house(name: str, code: str) -> Any:
    """Return the balance of a house account: credits less debits."""
    found = ledger.house_balances(house=name)
    return next((each.balance for each in found if each.currency == code), 0)
