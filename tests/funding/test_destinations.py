"""Addresses and bank accounts by their own checksums, other people's, and the sandbox's doors."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fx.assets.services import load_catalogue
from holdings.funding.models import Withdrawal
from holdings.funding.rules.addresses import base58check, checksummed, is_address, is_memo, stellar
from holdings.funding.rules.keccak import keccak_256
from holdings.funding.rules.networks import NETWORKS, Family
from krak.core import clock
from tests.funding.world import BITCOIN, ETHEREUM, IBAN, balance, post, save, withdraw, work
from tests.people import Known, new_customer

REAL = [
    ("bitcoin", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("bitcoin", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    ("bitcoin", BITCOIN),
    ("bitcoin", BITCOIN.upper()),
    ("bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    ("litecoin", "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9"),
    ("dogecoin", "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L"),
    ("ethereum", ETHEREUM),
    ("base", ETHEREUM.lower()),
    ("solana", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    ("tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
    ("xrp", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"),
    ("stellar", "GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN"),
]


@pytest.mark.parametrize(("network", "address"), REAL)
def test_a_real_address_is_one(network: str, address: str) -> None:
    assert is_address(NETWORKS[network], address)


@given(
    which=st.sampled_from([each for each in REAL if each[0] not in {"solana", "base"}]),
    place=st.integers(0, 200),
    letter=st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
)
def test_one_wrong_letter_is_noticed(which: tuple[str, str], place: int, letter: str) -> None:
    network, address = which
    place %= len(address)
    typo = address[:place] + letter + address[place + 1 :]
    if typo != address and typo.lower() != address.lower():
        # EIP-55 misses one typing error in four thousand: letters may fit by chance.
        assert not is_address(NETWORKS[network], typo) or network == "ethereum"


@given(st.binary(min_size=20, max_size=20), st.sampled_from(list(Family)))
def test_what_we_write_we_read(digest: bytes, family: Family) -> None:
    network = next(each for each in NETWORKS.values() if each.family is family)
    if family is Family.EVM:
        written = checksummed("0x" + digest.hex())
    elif family is Family.STELLAR:
        written = stellar(hashlib.sha256(digest).digest())
    elif family is Family.SOLANA:
        return
    else:
        written = base58check(family, digest)
    assert is_address(network, written)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak_is_ethereums(text: bytes, digest: str) -> None:
    assert keccak_256(text).hex() == digest


@given(st.text(max_size=130))
def test_no_text_breaks_the_check(text: str) -> None:
    for network in NETWORKS.values():
        assert is_address(network, text) in {True, False}
        assert is_memo(network, text) in {True, False}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rail": "bank", "account": "DE89370400440532013001", "holder": "Ada"}, "account"),
        ({"rail": "bank", "account": "nonsense", "holder": "Ada"}, "account"),
        ({"rail": "bank", "account": IBAN}, "holder"),
        ({"rail": "bank", "account": IBAN, "holder": "A\u202eda"}, "holder"),
        ({"rail": "bank", "account": IBAN, "holder": "Ada", "bic": "NOPE"}, "bic"),
        ({"rail": "bank", "account": IBAN, "holder": "Ada", "bic": "BNPAFRPPXXX"}, "bic"),
        ({"rail": "bank", "account": IBAN, "holder": "Ada", "memo": "1"}, "memo"),
        ({"rail": "bitcoin", "account": BITCOIN[:-1] + "p"}, "account"),
        ({"rail": "bitcoin", "account": ETHEREUM}, "account"),
        ({"rail": "bitcoin", "account": BITCOIN, "memo": "1"}, "memo"),
        ({"rail": "bitcoin", "account": BITCOIN, "holder": "Ada"}, "holder"),
        ({"rail": "ethereum", "account": ETHEREUM.replace("a", "A")}, "account"),
        ({"rail": "xrp", "account": "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "memo": "x"}, "memo"),
        ({"rail": "moon", "account": BITCOIN}, "rail"),
        ({"rail": "bitcoin", "account": BITCOIN, "customer": "cus_1"}, "customer"),
        ({"rail": "bitcoin", "account": 5.5}, "account"),
    ],
)
@pytest.mark.django_db
def test_what_leads_nowhere_is_refused_with_its_field(
    ada: Known, body: dict[str, Any], field: str
) -> None:
    answer = ada.send("/v1/destinations", body)

    assert answer.status_code == 400, answer.content
    assert [each["field"] for each in answer.json()["errors"]] == [field]


@pytest.mark.django_db
def test_a_destination_is_kept_in_its_one_form_and_once(ada: Known) -> None:
    first = save(ada, account="de89 3704 0044 0532 0130 00".upper())
    shown = ada.get(f"/v1/destinations/{first}").json()
    assert (shown["account"], shown["bic"]) == (IBAN, "COBADEFFXXX")

    body = {"rail": "bank", "account": IBAN, "holder": "Ada"}
    again = post(
        ada, "/v1/destinations", body, "add_destination", {"rail": "bank", "account": IBAN}
    )

    assert (again.status_code, again.json()["code"]) == (409, "funding.destination_saved")
    assert again.json()["facts"]["destination"] == first


@pytest.mark.django_db
def test_what_was_removed_takes_nothing_more(ada: Known) -> None:
    destination = save(ada)

    assert ada.send(f"/v1/destinations/{destination}", method="delete").status_code == 204
    assert ada.get("/v1/destinations").json()["results"] == []
    refused = withdraw(ada, destination, "10", "EUR", "0")

    assert (refused.status_code, refused.json()["code"]) == (404, "funding.destination_not_found")


@pytest.mark.django_db
def test_other_peoples_destinations_and_withdrawals_are_not_found(ada: Known) -> None:
    bob = new_customer(cash="100", country="BR")
    destination = save(ada)
    made = withdraw(ada, destination, "10", "EUR", "0").json()["id"]

    assert withdraw(bob, destination, "10", "USD", "1").status_code == 404
    body = {"destination": destination, "amount": "10", "currency": "USD"}
    assert bob.send("/v1/withdrawals/preview", body).status_code == 404
    assert bob.get(f"/v1/destinations/{destination}").status_code == 404
    assert bob.send(f"/v1/destinations/{destination}", method="delete").status_code == 404
    assert bob.get(f"/v1/withdrawals/{made}").status_code == 404
    assert bob.send(f"/v1/withdrawals/{made}/cancel").status_code == 404
    assert Withdrawal.objects.get().state == "READY"


@pytest.mark.parametrize(
    ("rail", "currency", "code"),
    [
        ("bank", "BTC", "funding.not_on_rail"), ("bitcoin", "EUR", "funding.not_on_rail"),
        ("bitcoin", "AAPLx", "funding.not_on_rail"), ("bank", "AAPLx", "funding.not_on_rail"),
        ("bank", "NOPE", "assets.unknown"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_what_does_not_travel_that_way_is_refused(
    ada: Known, rail: str, currency: str, code: str
) -> None:
    load_catalogue(now=clock.now())
    account = {"bank": IBAN, "bitcoin": BITCOIN, "ethereum": ETHEREUM}[rail]
    destination = save(ada, rail=rail, account=account)

    body = {"destination": destination, "amount": "1", "currency": currency}

    assert ada.send("/v1/withdrawals/preview", body).json()["code"] == code


@pytest.mark.django_db
def test_the_sandbox_plays_bank_chain_and_reorganisation(ada: Known) -> None:
    ada.send("/v1/deposit-addresses", {"asset": "BTC", "network": "bitcoin"})
    work()
    place = ada.get("/v1/deposit-addresses").json()["results"][0]["address"]
    sandbox = "/v1/sandbox/chains"
    body = {"network": "bitcoin", "asset": "BTC", "amount": "0.1", "address": place}
    assert ada.send(f"{sandbox}/transfers", body).status_code == 201
    ada.send(f"{sandbox}/bitcoin/blocks", {"count": 2})
    work()
    assert ada.get("/v1/deposits").json()["results"][0]["confirmations"] == 2

    ada.send(f"{sandbox}/bitcoin/forks", {"depth": 2})
    work()
    assert ada.get("/v1/deposits").json()["results"][0]["state"] == "undone"
    ada.send(f"{sandbox}/bitcoin/blocks", {"count": 3})
    work()

    assert ada.get("/v1/deposits").json()["results"][0]["state"] == "credited"
    assert str(balance(ada, "BTC")[0]) == "0.6000000000"
    made = withdraw(ada, save(ada), "100", "EUR", "0").json()["id"]
    work()
    assert ada.send(f"/v1/sandbox/withdrawals/{made}", {"outcome": "completed"}).status_code == 200
    work()
    assert ada.get(f"/v1/withdrawals/{made}").json()["state"] == "completed"
