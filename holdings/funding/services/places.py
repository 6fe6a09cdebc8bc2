"""Where customers can be sent money: their own IBANs and addresses, opened by a job."""

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from fx.eligibility.queries import require_eligible
from fx.prices.rules import Board
from holdings.funding import queries
from holdings.funding.models import DepositAccount, DepositAddress
from holdings.funding.providers import provider_named, require_rail
from holdings.funding.rules.networks import BANK
from holdings.funding.services.permission import lock_and_permit
from holdings.ledger import services as ledger
from krak.core.ids import show, uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part, transaction
from krak.customers.models import Act, Customer

_NOTHING: Final = Decimal(0)
_REFERENCE_LETTERS: Final = 14
"""Of an id's last letters, which are random: 70 bits, that nobody has by chance."""


@takes_part
def want_account(
    *, customer: Customer, currency: str, board: Board, now: datetime
) -> DepositAccount:
    """Return the customer's IBAN for a currency, asked for if there was none; a job opens it.

    Raises:
        NotOnRail, UnknownAsset: no bank of ours takes the currency.
        RailUnavailable: there is no bank.
        What `lock_and_permit` raises.
    """
    queries.require_on_rail(currency, BANK)
    provider = require_rail(BANK)
    lock_and_permit(customer, Act.DEPOSIT, usd=_NOTHING, board=board, now=now)
    found = queries.accounts(customer_id=customer.id).filter(currency=currency).first()
    if found is not None:
        return found
    new = uuid7()
    made = DepositAccount.objects.create(
        id=new, customer=customer, currency=currency, provider=provider,
        reference=f"KRAK{show('', new)[-_REFERENCE_LETTERS:].upper()}", created_at=now,
    )  # fmt: skip
    outbox.promise("funding.open_account", {"account": str(made.id)})
    return made


@takes_part
def want_address(
    *, customer: Customer, asset: str, network: str, board: Board, now: datetime
) -> DepositAddress:
    """Return the customer's address on a network, asked for if there was none; a job makes it.

    Raises:
        NotOnRail, UnknownAsset: the asset does not travel there.
        RailUnavailable: there is no custodian.
        NotEligible, SuitabilityNeeded: where they live, they may not hold the asset.
        What `lock_and_permit` raises.
    """
    facts = queries.require_on_rail(asset, network)
    require_eligible(customer=customer, asset=facts, now=now)
    provider = require_rail(network)
    lock_and_permit(customer, Act.DEPOSIT, usd=_NOTHING, board=board, now=now)
    found = queries.addresses(customer_id=customer.id).filter(network=network).first()
    if found is not None:
        return found
    made = DepositAddress.objects.create(
        id=uuid7(), customer=customer, network=network, provider=provider, created_at=now
    )
    outbox.promise("funding.open_address", {"address": str(made.id)})
    return made


def open_account(account_id: UUID, *, now: datetime) -> None:
    """Have the bank open an account that was asked for. Not in a transaction; safe to repeat.

    Raises:
        Unsure: it is tried again later.
    """
    account = DepositAccount.objects.select_related("customer").filter(id=account_id).first()
    if account is None or account.opened_at is not None:
        return
    iban, bic = provider_named(account.provider).open_account(
        key=str(account.id), currency=account.currency, holder=account.customer.name
    )
    with transaction():
        ledger.lock_books([account.customer_id])
        DepositAccount.objects.filter(id=account.id, opened_at=None).update(
            iban=iban, bic=bic, opened_at=now
        )


def open_address(address_id: UUID, *, now: datetime) -> None:
    """Have the custodian make an address that was asked for. As `open_account`."""
    wanted = DepositAddress.objects.filter(id=address_id).first()
    if wanted is None or wanted.opened_at is not None:
        return
    address, memo = provider_named(wanted.provider).open_address(
        key=str(wanted.id), network=wanted.network
    )
    with transaction():
        ledger.lock_books([wanted.customer_id])
        DepositAddress.objects.filter(id=wanted.id, opened_at=None).update(
            address=address, memo=memo, opened_at=now
        )
