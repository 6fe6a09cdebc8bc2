"""What a purchase would do, without doing it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from cards.authorizations.rules.decision import AuthorizationRequest, Verdict, decide
from cards.authorizations.rules.facts import facts_of, prices_of
from cards.authorizations.services.decisions import read_snapshot, stored_inputs, stored_sale
from fx.prices import live
from krak.core.errors import DomainError
from krak.core.money import is_exact, places_of


class AmountTooFine(DomainError):
    """The amount has more decimals than the card's currency."""

    code = "authorizations.amount_too_fine"
    title = "The amount has more decimals than the card's currency."


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be answered and sold, kept as a decision keeps it; nothing is promised."""

    currency: str
    verdict: Verdict
    inputs: dict[str, Any]
    sales: list[dict[str, Any]]


def preview(
    *, card_stripe_id: str, amount: Decimal, mcc: str, merchant_currency: str, now: datetime
) -> Preview:
    """Return what a tap of `amount` of the card's currency would do now.

    Raises:
        AmountTooFine: the amount has more decimals than the card's currency.
    """
    snapshot = read_snapshot(card_stripe_id, stripe_id="", step=0, now=now)
    if snapshot is None:
        raise LookupError(f"{card_stripe_id} is not in the directory")
    currency = snapshot["card"]["currency"]
    if not is_exact(amount, places_of(currency)):
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
        amount=amount,
        currency=currency,
        cashback_amount=Decimal(0),
        atm_fee=Decimal(0),
        is_amount_controllable=False,
        mcc=mcc,
        merchant_name="",
        merchant_network_id="",
        merchant_country="",
        merchant_currency=merchant_currency,
        merchant_amount_minor=0,
        method="preview",
        event_id="",
    )
    verdict = decide(asked, facts)
    return Preview(
        currency=currency,
        verdict=verdict,
        inputs=stored_inputs(snapshot, prices, board=board, now=now),
        sales=[stored_sale(sale, prices[sale.code]) for sale in verdict.sales],
    )
