"""Who is let into the primary market: by two people, with a wallet that is one."""

from typing import Any

import pytest

from fx.assets import directory
from fx.assets.models import Asset
from holdings.primary.models import Party
from holdings.primary.services import parties
from krak.approvals import services as approvals
from krak.approvals.registry import kind_of
from krak.approvals.services import NotAllowed
from krak.core import clock
from krak.core.audit.models import RowChange
from krak.core.errors import DomainError
from krak.core.ids import show
from krak.customers.models import Verification
from tests.people import Known, new_customer
from tests.primary.world import (
    EVM_WALLET,
    WALLET,
    agree,
    let_in,
    propose_party,
    refusal,
    subscribe,
    wallet_of,
)
from tests.staff import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(catalogue: None, market: Any) -> Known:
    """Return a customer who is no party."""
    return new_customer(cash="6000", country="BR")


def test_two_people_let_a_customer_in(bob: Known) -> None:
    proposal = propose_party(bob, network="ink", wallet=EVM_WALLET.lower())
    party = Party.objects.get()
    assert (proposal.subject, party.wallet) == (show("pty", party.id), EVM_WALLET)
    assert EVM_WALLET not in str(proposal.payload)
    assert dict(kind_of("primary.party").describe(proposal.proposed)) == {
        "Customer": bob.customer.shown_id, "Network": "ink",
        "Wallet, whitelisted by the issuer": EVM_WALLET,
    }  # fmt: skip
    assert refusal(subscribe(bob, "6000.00")) == (403, "primary.not_a_party")
    with pytest.raises(NotAllowed):
        agree(proposal, "primary.propose_party")

    done = agree(proposal, "primary.approve_party")

    assert done.outcome == f"primary.party:{party.id}"
    assert bob.get("/v1/primary").json()["party"]["wallet"] == EVM_WALLET
    assert subscribe(bob, "6000.00").status_code == 201
    recorded = RowChange.objects.filter(table="primary_party", row=str(party.id)).order_by("at")
    assert [each.operation for each in recorded] == ["INSERT", "UPDATE"]
    assert not [each for each in recorded if "wallet" in each.changed]


@pytest.mark.parametrize("how", ["rejected", "withdrawn", "expired"])
def test_who_is_turned_down_can_be_proposed_anew(bob: Known, how: str) -> None:
    first = propose_party(bob)
    if how == "rejected":
        approver = staff("primary.approve_party")
        approvals.reject(proposal_id=first.id, by=approver, note="not now", now=clock.now())
    elif how == "withdrawn":
        approvals.withdraw(proposal_id=first.id, by=first.proposed_by, now=clock.now())
    else:
        approvals.expire(now=first.expires_at)

    party = Party.objects.get()
    assert (party.onboarded_at, party.ended_because) == (None, "Not approved.")
    assert let_in(bob).onboarded_at is not None


@pytest.mark.parametrize(
    ("network", "wallet", "code"),
    [
        ("solana", EVM_WALLET, "primary.wallet_malformed"),
        ("ethereum", WALLET, "primary.wallet_malformed"),
        # A letter in the wrong case: the checksum does not fit.
        ("ethereum", EVM_WALLET.replace("a", "A", 1), "primary.wallet_malformed"),
        ("ethereum", "", "primary.wallet_malformed"),
        ("bitcoin", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "primary.network_without_shares"),
        ("base", EVM_WALLET, "primary.network_without_shares"),
        ("moon", WALLET, "primary.network_without_shares"),
        ("bank", WALLET, "primary.network_without_shares"),
    ],
)
def test_a_wallet_is_an_address_where_shares_are(
    bob: Known, network: str, wallet: str, code: str
) -> None:
    with pytest.raises(DomainError) as problem:
        propose_party(bob, network=network, wallet=wallet)

    assert problem.value.code == code
    assert not Party.objects.exists()


def test_a_customer_is_one_party_and_a_wallet_one_partys(bob: Known) -> None:
    other = new_customer(country="BR")
    propose_party(bob, wallet=WALLET)

    with pytest.raises(parties.AlreadyAParty):
        propose_party(bob, wallet=wallet_of(bob))
    with pytest.raises(parties.WalletTaken):
        propose_party(other, wallet=WALLET)


def test_who_has_not_shown_who_they_are_is_not_let_in(bob: Known) -> None:
    proposal = propose_party(bob)
    Verification.objects.filter(customer=bob.customer).update(expires_at=clock.now())

    with pytest.raises(DomainError, match="verification"):
        agree(proposal, "primary.approve_party")
    with pytest.raises(DomainError, match="verification"):
        let_in(new_customer_without_verification())

    assert Party.objects.get().onboarded_at is None


def new_customer_without_verification() -> Known:
    known = new_customer(country="BR")
    Verification.objects.filter(customer=known.customer).update(expires_at=clock.now())
    return known


def test_one_person_ends_a_party_with_a_reason(bob: Known) -> None:
    party = let_in(bob)
    with pytest.raises(DomainError, match="need a reason"):
        parties.end(party_id=party.id, reason=" ", now=clock.now())

    parties.end(party_id=party.id, reason="closed its books", now=clock.now())

    party.refresh_from_db()
    assert party.ended_because == "closed its books"
    change = RowChange.objects.filter(table="primary_party").latest("at")
    assert (change.operation, change.reason) == ("UPDATE", "closed its books")
    with pytest.raises(parties.PartyEnded):
        parties.end(party_id=party.id, reason="again", now=clock.now())


def test_where_no_share_is_left_nobody_is_let_in(bob: Known) -> None:
    Asset.objects.filter(code="AAPLx").update(chains=[])
    Asset.objects.exclude(code="AAPLx").filter(chains__contains=["HyperEVM"]).update(chains=[])
    directory.forget()

    with pytest.raises(parties.NetworkWithoutShares):
        propose_party(bob, network="hyperevm", wallet=EVM_WALLET)
