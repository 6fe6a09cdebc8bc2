"""The sandbox's provider: valid accounts that nobody has, and payouts written on paper.

What becomes of a payout is told at the webhook doors, by whoever plays the world.
"""

import hashlib
from datetime import datetime
from typing import ClassVar, Final

from django.db.models import F
from schwifty import IBAN

from holdings.funding.models import PaperPayout
from holdings.funding.providers.base import Payout, PayoutState, Refused, Standing
from holdings.funding.rules.addresses import base58, base58check, checksummed, stellar
from holdings.funding.rules.networks import NETWORKS, Family
from krak.core.ids import uuid7
from krak.core.transactions import transaction

BANK_CODE: Final = "99999999"
BIC: Final = "KRAKDEFFXXX"
REFUSED_MEMO: Final = "refuse"
"""A holder or label with this word is refused, so that refusals can be tried."""


class Paper:
    """A bank and custodian that keeps its own record and forgets nothing."""

    name: ClassVar[str] = "paper"

    def open_account(self, *, key: str, currency: str, holder: str) -> tuple[str, str]:
        """Return a German IBAN made of the key."""
        number = int.from_bytes(_digest(key)[:8]) % 10**10
        iban = IBAN.generate("DE", bank_code=BANK_CODE, account_code=f"{number:010}")
        return str(iban), BIC

    def open_address(self, *, key: str, network: str) -> tuple[str, str]:
        """Return an address made of the key; where memos tell people apart, a memo of it."""
        found = NETWORKS[network]
        if found.memo:
            shared = _digest(f"paper custody on {network}")
            memo = str(int.from_bytes(_digest(key)[:4]))
            return _address(found.family, shared), memo
        return _address(found.family, _digest(key)), ""

    def send(self, payout: Payout, *, now: datetime) -> str:
        """Write a payout down; the same key again changes nothing."""
        if REFUSED_MEMO in payout.holder.lower():
            raise Refused("the paper provider was told to refuse")
        with transaction():
            row, new = PaperPayout.objects.get_or_create(
                key=payout.key,
                defaults={
                    "id": uuid7(), "rail": payout.rail, "account": payout.account,
                    "currency": payout.currency, "token": payout.token,
                    "amount": payout.amount, "at": now,
                },
            )  # fmt: skip
            if not new:
                PaperPayout.objects.filter(id=row.id).update(asked=F("asked") + 1)
        return _reference(row)

    def find(self, key: str) -> Standing | None:
        """Return that it was taken; its end is told at the doors."""
        row = PaperPayout.objects.filter(key=key).first()
        return Standing(PayoutState.TAKEN, _reference(row)) if row else None


def _reference(row: PaperPayout) -> str:
    return f"paper-{row.id.hex}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _address(family: Family, digest: bytes) -> str:
    match family:
        case Family.EVM:
            return checksummed("0x" + digest[:20].hex())
        case Family.SOLANA:
            return base58(digest)
        case Family.STELLAR:
            return stellar(digest)
        case _:
            return base58check(family, digest[:20])
