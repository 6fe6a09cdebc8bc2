"""A stored decision in words and figures that its customer can check.

Units are shown units and prices are per shown unit, by the multiplier of the moment of the tap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from moneyed import Money

from cards.authorizations.rules.decision import Decline
from cards.authorizations.rules.facts import PRICE_PLACES, AssetPrice, facts_of, units_of
from fx.assets.rules import PROPERTIES
from holdings.trading.rules.waterfall import Sellable
from krak.core.money import floor_to, money, places_of

WORDS: Final[Mapping[Decline, str]] = {
    Decline.UNKNOWN_CARD: "We do not know this card.",
    Decline.CARD_INACTIVE: "The card is frozen or canceled.",
    Decline.ACCOUNT_FROZEN: "The account is frozen; please contact us.",
    Decline.NEGATIVE_BALANCE: "The cash balance is below zero and has to be settled first.",
    Decline.MERCHANT_BLOCKED: "This merchant, its country or this way of paying is blocked.",
    Decline.CASH_NOT_ENABLED: "Cash withdrawals are switched off for the card.",
    Decline.CASH_LIMIT_EXCEEDED: "It would have passed the daily limit for cash.",
    Decline.VELOCITY_LIMIT: "It would have passed a spending limit.",
    Decline.INSUFFICIENT_FUNDS: "Cash and what your assets counted for did not cover the amount.",
    Decline.SYSTEM_BUSY: "Another payment was being decided at that moment; please try again.",
    Decline.SYSTEM_ERROR: "Something broke on our side; nothing was taken.",
}


class NetworkDecline(StrEnum):
    """Why a request was refused without us, or although we had approved it."""

    SPENDING_CONTROLS = "spending_controls"
    CARD_EXPIRED = "card_expired"
    CARDHOLDER_UNVERIFIED = "cardholder_unverified"
    PIN_BLOCKED = "pin_blocked"
    VERIFICATION_FAILED = "verification_failed"
    INSECURE_METHOD = "insecure_method"
    SUSPECTED_FRAUD = "suspected_fraud"
    NOT_ALLOWED = "not_allowed"
    NO_ANSWER = "no_answer"
    DECLINED_BY_NETWORK = "declined_by_network"


NETWORK_WORDS: Final[Mapping[NetworkDecline, str]] = {
    NetworkDecline.SPENDING_CONTROLS: "A limit or a block that is set for the card forbids it.",
    NetworkDecline.CARD_EXPIRED: "The card has expired.",
    NetworkDecline.CARDHOLDER_UNVERIFIED: "We still need to know something about you; please look"
    " at your card in the app.",
    NetworkDecline.PIN_BLOCKED: "The PIN is blocked, as a wrong one was entered too often.",
    NetworkDecline.VERIFICATION_FAILED: "The PIN or the card's details were entered wrong.",
    NetworkDecline.INSECURE_METHOD: "The merchant did not check that it was you.",
    NetworkDecline.SUSPECTED_FRAUD: "It looked like fraud; if it was you, please contact us.",
    NetworkDecline.NOT_ALLOWED: "Cards cannot be used for this.",
    NetworkDecline.NO_ANSWER: "Our answer did not arrive in time; please try again.",
    NetworkDecline.DECLINED_BY_NETWORK: "The card network declined it.",
}
STRIPES_REASONS: Final[Mapping[str, Decline | NetworkDecline]] = {
    "account_disabled": Decline.SYSTEM_ERROR,
    "card_canceled": Decline.CARD_INACTIVE,
    "card_expired": NetworkDecline.CARD_EXPIRED,
    "card_inactive": Decline.CARD_INACTIVE,
    "cardholder_blocked": Decline.ACCOUNT_FROZEN,
    "cardholder_inactive": Decline.ACCOUNT_FROZEN,
    "cardholder_verification_required": NetworkDecline.CARDHOLDER_UNVERIFIED,
    "insecure_authorization_method": NetworkDecline.INSECURE_METHOD,
    # Our balance at Stripe, not the customer's.
    "insufficient_funds": Decline.SYSTEM_ERROR,
    "network_fallback": NetworkDecline.NO_ANSWER,
    "not_allowed": NetworkDecline.NOT_ALLOWED,
    "pin_blocked": NetworkDecline.PIN_BLOCKED,
    "spending_controls": NetworkDecline.SPENDING_CONTROLS,
    "stripe_internal_error": Decline.SYSTEM_ERROR,
    "suspected_fraud": NetworkDecline.SUSPECTED_FRAUD,
    "verification_failed": NetworkDecline.VERIFICATION_FAILED,
    # By us, and without a decision: we could not make one.
    "webhook_declined": Decline.SYSTEM_ERROR,
    "webhook_error": NetworkDecline.NO_ANSWER,
    "webhook_timeout": NetworkDecline.NO_ANSWER,
}
"""Of `request_history`, an open list. Source: Stripe's Issuing API."""


class LeftOut(StrEnum):
    """Why a holding counted for nothing."""

    EXCLUDED = "excluded"
    NOT_RANKED = "not_ranked"
    NO_USABLE_PRICE = "no_usable_price"
    NOTHING_AVAILABLE = "nothing_available"


@dataclass(frozen=True, slots=True)
class Worth:
    """What one holding was worth at the tap, and how much of that counted."""

    units: Money
    bid: Decimal | None
    value: Money | None
    counted: Money
    left_out: LeftOut | None
    venue: str | None
    price_as_of: datetime | None
    multiplier: Decimal | None
    """At the tap; None for what is shown as it is held."""


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold for the purchase; `spread` is what the house earned on it."""

    units: Money
    bid: Decimal
    proceeds: Money
    spread: Money
    venue: str
    multiplier: Decimal | None


@dataclass(frozen=True, slots=True)
class Declined:
    """Why a request was refused, for programs and for people."""

    reason: str
    message: str


def declined(reason: str) -> Declined | None:
    """Return a stored reason with its sentence, or None when there is none."""
    return Declined(reason, WORDS[Decline(reason)]) if reason else None


def declined_by_network(reason: str) -> Declined:
    """Return the words for a refusal that was not ours, for one of Stripe's reasons."""
    why = STRIPES_REASONS.get(reason, NetworkDecline.DECLINED_BY_NETWORK)
    words = WORDS[why] if isinstance(why, Decline) else NETWORK_WORDS[why]
    return Declined(str(why), words)


@dataclass(frozen=True, slots=True)
class Heard:
    """What Stripe says of an authorization's newest request; `steps` is how many there were."""

    steps: int
    approved: bool | None
    reason: str


def why_declined(heard: Heard, *, step: int | None, reason: str) -> Declined | None:
    """Return why the last request was refused, or None when it was not.

    `step` and `reason` are of our own newest answer. Where both sides refused, ours says more.
    """
    if heard.approved is None or (step is not None and step >= heard.steps):
        return declined(reason)
    if heard.approved:
        return None
    ours = declined(reason) if step == heard.steps - 1 else None
    return ours or declined_by_network(heard.reason)


def worths_of(inputs: Mapping[str, Any], *, currency: str) -> tuple[Worth, ...]:
    """Return what the decision saw: the card's own currency first, then by code."""
    snapshot, prices = inputs["snapshot"], _prices(inputs)
    # What had no usable price then still had a multiplier; older decisions did not keep it.
    stored = inputs.get("multipliers", {})
    ours = inputs["livemode"]
    facts = facts_of(snapshot, prices, livemode=ours, ours=ours)
    sellables = {s.code: s for s in facts.sellables}
    units = units_of(snapshot)
    cash = money(units[currency], currency)
    own = Worth(cash, Decimal(1), cash, cash, None, None, None, None)
    return (
        own,
        *(
            _worth(
                code,
                units[code],
                prices.get(code),
                sellables.get(code),
                currency=currency,
                excluded=code in snapshot["excluded"],
                unpriced=Decimal(stored[code]) if code in stored else None,
            )
            for code in sorted(units)
            if code != currency
        ),
    )


def sales_of(
    sales: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any], *, currency: str
) -> tuple[Sold, ...]:
    """Return the sales of a decision in the order in which they were made."""
    prices = _prices(inputs)
    return tuple(
        Sold(
            units=money(
                Decimal(sale["units"]) * prices[sale["currency"]].multiplier, sale["currency"]
            ),
            bid=_per_shown(Decimal(sale["bid"]), prices[sale["currency"]]),
            proceeds=money(sale["proceeds"], currency),
            spread=money(sale["spread"], currency),
            venue=sale["venue"],
            multiplier=_multiplier(prices[sale["currency"]]),
        )
        for sale in sales
    )


def _prices(inputs: Mapping[str, Any]) -> dict[str, AssetPrice]:
    return {code: AssetPrice.from_json(stored) for code, stored in inputs["prices"].items()}


def _per_shown(bid: Decimal, price: AssetPrice) -> Decimal:
    return floor_to(bid / price.multiplier, PRICE_PLACES)


def _worth(
    code: str,
    units: Decimal,
    price: AssetPrice | None,
    sellable: Sellable | None,
    *,
    currency: str,
    excluded: bool,
    unpriced: Decimal | None,
) -> Worth:
    places = places_of(currency)
    counted = sellable.coverage(places) if sellable else Decimal(0)
    multiplier = _multiplier(price) if price else unpriced
    return Worth(
        units=money(units * (multiplier or 1), code),
        bid=_per_shown(price.bid, price) if price else None,
        value=money(floor_to(units * price.bid, places), currency) if price else None,
        counted=money(counted, currency),
        left_out=None if sellable else _left_out(units, price, excluded=excluded),
        venue=price.venue if price else None,
        price_as_of=price.as_of if price else None,
        multiplier=multiplier,
    )


def _multiplier(price: AssetPrice) -> Decimal | None:
    return price.multiplier if PROPERTIES[price.kind].has_multiplier else None


def _left_out(units: Decimal, price: AssetPrice | None, *, excluded: bool) -> LeftOut:
    if excluded:
        return LeftOut.EXCLUDED
    if units <= 0:
        return LeftOut.NOTHING_AVAILABLE
    return LeftOut.NO_USABLE_PRICE if price is None else LeftOut.NOT_RANKED
