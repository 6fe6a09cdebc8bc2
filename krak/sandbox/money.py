"""Play the bank, the chains and the payer: what they do is told at the real, signed doors."""

import hashlib
import json
from typing import Any, Final

from django.conf import settings
from django.test import Client

from holdings.funding import signing
from holdings.funding.models import TopUp, Withdrawal
from holdings.funding.queries import contract_of
from holdings.funding.rules.networks import BANK, NETWORKS
from krak.core import clock
from krak.core.errors import DomainError, Kind
from krak.core.ids import show, uuid7
from krak.core.transactions import transaction
from krak.sandbox.issuer.client import Control
from krak.sandbox.models import SandboxChain, SandboxTransaction
from krak.stripe.client import StripeUnavailable

SENDER: Final = "DE89370400440532013000"


class PaymentEnded(DomainError):
    """The fake of Stripe takes no more of it."""

    code = "sandbox.payment_ended"
    title = "This top-up was paid or given up before."
    kind = Kind.CONFLICT


def tell(door: str, kind: str, data: dict[str, Any]) -> None:
    """Tell an event at a door, signed now."""
    now = clock.now()
    event = {
        "id": f"evt_{uuid7().hex}", "type": kind, "created_at": now.isoformat(), "data": data,
    }  # fmt: skip
    body = json.dumps(event).encode()
    secret = {"bank": settings.BANK_SECRETS, "chain": settings.CHAIN_SECRETS}[door][0]
    answer = Client(SERVER_NAME="127.0.0.1").post(
        f"/webhooks/{door}/events",
        data=body,
        content_type="application/json",
        headers={signing.HEADER: signing.signature(body, secret=secret, at=now)},
    )
    if answer.status_code != 200:  # noqa: PLR2004 - it was taken
        raise RuntimeError(f"our own door refused: {answer.content[:500]!r}")


def transfer(**facts: str) -> str:
    """Let a transfer come to an IBAN, or just with a reference; return the bank's id of it."""
    transfer_id = f"tr_{uuid7().hex}"
    tell("bank", "transfer.received", {"id": transfer_id, "sender_iban": SENDER, **facts})
    return transfer_id


def payout(withdrawal: Withdrawal, outcome: str) -> None:
    """Let a withdrawal be `completed`, `failed` or `returned`."""
    reason = {"failed": "The account is closed.", "returned": "Sent back by the receiver."}
    tell(
        "bank" if withdrawal.rail == BANK else "chain",
        f"payout.{outcome}",
        {
            "key": show(Withdrawal.PREFIX, withdrawal.id),
            "id": f"paper-{withdrawal.id.hex}",
            "reason": reason.get(outcome, ""),
        },
    )


def pay(top_up: TopUp, outcome: str) -> None:
    """Let the payer of a top-up pay, wait, be declined, or give up, at the fake of Stripe.

    Raises:
        StripeUnavailable: there is no fake, or it was not asked for this one yet.
        PaymentEnded: it was paid, or given up, before.
    """
    if not settings.STRIPE_API_BASE or not top_up.stripe_id:
        raise StripeUnavailable
    with Control(settings.STRIPE_API_BASE) as control:
        try:
            control.pay(top_up.stripe_id, outcome)
        except RuntimeError as problem:
            raise PaymentEnded(said=str(problem)) from None


# --- A chain -------------------------------------------------------------------------------------
def send(*, network: str, asset: str, token: str, amount: str, address: str, memo: str) -> str:
    """Let somebody pay to an address, in the next block, and return the transaction's id.

    Shares come by their own contract, or by the `token` of somebody who only calls them so.
    """
    named = hashlib.sha256(uuid7().bytes).hexdigest()
    row = SandboxTransaction(
        network=network, transaction=named, address=address, memo=memo, asset=asset,
        token=token or contract_of(asset, network), amount=amount,
    )  # fmt: skip
    with transaction():
        row.save()
    _see(row, _chain(network))
    return named


def mine(network: str, count: int) -> int:
    """Add blocks, and tell how deep each payment that is not final has come; return the height."""
    with transaction():
        chain = _chain(network)
        first = chain.height + 1
        chain.height += count
        chain.save()
        SandboxTransaction.objects.filter(network=network, height=None).update(height=first)
    deepest = chain.height - NETWORKS[network].confirmations - count
    for row in SandboxTransaction.objects.filter(network=network, height__gt=deepest):
        _see(row, chain)
    return chain.height


def fork(network: str, depth: int, *, lose: bool) -> int:
    """Take blocks back; their payments wait for the next one, or are lost. Return the height."""
    with transaction():
        chain = _chain(network)
        chain.height, chain.forks = max(chain.height - depth, 0), chain.forks + 1
        chain.save()
        gone = list(SandboxTransaction.objects.filter(network=network, height__gt=chain.height))
        for row in gone:
            if lose:
                row.delete()
            else:
                row.height = None
                row.save()
    for row in gone:
        tell("chain", "deposit.dropped", _facts(row))
    return chain.height


def _chain(network: str) -> SandboxChain:
    chain, _new = SandboxChain.objects.get_or_create(network=network)
    return chain


def _see(row: SandboxTransaction, chain: SandboxChain) -> None:
    deep = 0 if row.height is None else chain.height - row.height + 1
    block = ""
    if row.height is not None:
        block = hashlib.sha256(f"{chain.network}:{row.height}:{chain.forks}".encode()).hexdigest()
    tell("chain", "deposit.seen", _facts(row) | {"confirmations": deep, "block": block})


def _facts(row: SandboxTransaction) -> dict[str, Any]:
    return {
        "network": row.network, "asset": row.asset, "token": row.token or None,
        "amount": row.amount,
        "transaction": row.transaction, "output": 0, "address": row.address, "memo": row.memo,
    }  # fmt: skip
