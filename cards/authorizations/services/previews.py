"""What a purchase would do, without doing it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from cards.authorizations import queries
from cards.authorizations.rules.decision import AuthorizationRequest, Verdict, decide
from cards.authorizations.rules.facts import facts_of, prices_of
from cards.authorizations.services.decisions import read_snapshot
from cards.authorizations.services.posting import stored_inputs, stored_sale
from cards.issuing import queries as issuing
from fx.prices import live
from krak.core.errors import DomainError
from krak.core.money import is_exact, places_of


class AmountTooFine(DomainError):
    """The amount has more decimals than the card's currency."""

    code = "authorizations.amount_too_fine"
    title = "The amount has more decimals than the card's currency."


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A purchase that might be: `amount`, with the part that is cash, in the card's currency."""

    amount: Decimal
    mcc: str
    merchant_country: str
    merchant_currency: str
    is_online: bool
    cash_back: Decimal
    takes_part: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be answered and sold, kept as a decision keeps it; nothing is promised."""

    currency: str
    verdict: Verdict
    inputs: dict[str, Any]
    sales: list[dict[str, Any]]
    reward: Decimal


def preview(*, card_stripe_id: str, tap: Tap, now: datetime) -> Preview:
    """Return what a tap would do now.

    Raises:
        AmountTooFine: an amount has more decimals than the card's currency.
    """
    snapshot = read_snapshot(card_stripe_id, stripe_id="", step=0, now=now)
    if snapshot is None:
        raise LookupError(f"{card_stripe_id} is not in the directory")
    currency = snapshot["card"]["currency"]
    if not all(is_exact(each, places_of(currency)) for each in (tap.amount, tap.cash_back)):
        raise AmountTooFine(currency=currency)
    board = live.current()
    prices = prices_of(snapshot["balances"], board=board, currency=currency, now=now)
    livemode = snapshot["card"]["livemode"]
    facts = facts_of(snapshot, prices, livemode=livemode, ours=livemode)
    asked = AuthorizationRequest(
        stripe_id="",
        step=0,
        card_stripe_id=card_stripe_id,
        livemode=livemode,
        amount=tap.amount,
        currency=currency,
        cashback_amount=tap.cash_back,
        atm_fee=Decimal(0),
        is_amount_controllable=tap.takes_part,
        mcc=tap.mcc,
        merchant_name="",
        merchant_network_id="",
        merchant_country=tap.merchant_country,
        merchant_currency=tap.merchant_currency,
        merchant_amount_minor=0,
        method="online" if tap.is_online else "contactless",
        event_id="",
    )
    verdict = decide(asked, facts)
    return Preview(
        currency=currency,
        verdict=verdict,
        inputs=stored_inputs(snapshot, prices, board=board, now=now),
        sales=[stored_sale(sale, prices[sale.code]) for sale in verdict.sales],
        reward=_reward(UUID(snapshot["customer"]), tap.mcc, verdict, currency=currency, now=now),
    )


def _reward(
    customer_id: UUID, mcc: str, verdict: Verdict, *, currency: str, now: datetime
) -> Decimal:
    policy = issuing.policy_in_force(customer_id=customer_id, currency=currency, at=now)
    net = verdict.approved - verdict.cash_amount
    return queries.earned(net, mcc=mcc, currency=currency, policy=policy)
