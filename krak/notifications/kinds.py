"""Every kind of notice: which group it is of, and how its facts read in English.

A feature says what happened as a kind and facts; what the app does not make its own sentence of,
and what a mail or a push says, is made here. A kind that nobody described still arrives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter
from typing import Any, Final

type Facts = Mapping[str, Any]

LONGEST_TITLE: Final = 80
LONGEST_TEXT: Final = 400
_LONGEST_FACT: Final = 120


class Channel(StrEnum):
    """How a notice leaves the inbox."""

    EMAIL = "EMAIL"
    PUSH = "PUSH"


class Group(StrEnum):
    """What customers switch on and off together."""

    CARD = "card"
    CASHBACK = "cashback"
    PAYMENTS = "payments"
    MONEY = "money"
    TRADING = "trading"
    DISPUTES = "disputes"
    PRICES = "prices"
    RECORDS = "records"
    ACCOUNT = "account"
    SECURITY = "security"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class GroupTerms:
    """What a group is called, where its notices go unless the customer says otherwise."""

    name: str
    email: bool
    push: bool
    switchable: bool = True

    def default(self, channel: Channel) -> bool:
        """Tell whether its notices take a channel by default."""
        return self.email if channel is Channel.EMAIL else self.push


GROUPS: Final[Mapping[Group, GroupTerms]] = {
    Group.CARD: GroupTerms("Card purchases", email=False, push=True),
    Group.CASHBACK: GroupTerms("Cashback", email=False, push=True),
    Group.PAYMENTS: GroupTerms("Payments between people", email=False, push=True),
    Group.MONEY: GroupTerms("Money in and out", email=True, push=True),
    Group.TRADING: GroupTerms("Orders and recurring buys", email=False, push=True),
    Group.DISPUTES: GroupTerms("Disputes", email=True, push=True),
    Group.PRICES: GroupTerms("Price alerts", email=False, push=True),
    Group.RECORDS: GroupTerms("Statements and exports", email=True, push=False),
    Group.ACCOUNT: GroupTerms("Your account", email=True, push=True),
    Group.SECURITY: GroupTerms("Security", email=True, push=True, switchable=False),
    Group.OTHER: GroupTerms("Everything else", email=False, push=False),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice.

    `texts` are sentences with facts in braces, the fullest first: the first whose facts are all
    there is used. `{amount}` is an amount object, or an amount beside a `currency`.
    """

    name: str
    group: Group
    title: str
    texts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """What a person reads."""

    title: str
    text: str


_KINDS: Final = (
    Kind("authorization.approved", Group.CARD, "Purchase approved",
         ("{amount} at {merchant}.", "{amount}.")),
    Kind("authorization.declined", Group.CARD, "Purchase declined",
         ("{amount} at {merchant}: {message}", "{amount}: {message}", "{message}")),
    Kind("authorization.reversed", Group.CARD, "Purchase reversed",
         ("{merchant} has reversed {amount}; it is yours again.",
          "{amount} is yours again.")),
    Kind("authorization.expired", Group.CARD, "Purchase expired",
         ("{merchant} has not taken {amount}; it is yours again.",
          "{amount} was not taken; it is yours again.")),
    Kind("purchase.cleared", Group.CARD, "Purchase settled",
         ("{amount} at {merchant} has been taken.", "{amount} has been taken.")),
    Kind("refund.received", Group.CARD, "Refund received",
         ("{merchant} has returned {amount}.", "{amount} has been returned.")),
    Kind("refund.taken_back", Group.CARD, "Refund taken back",
         ("The refund of {amount} by {merchant} was taken back.",
          "A refund of {amount} was taken back.")),
    Kind("cashback.credited", Group.CASHBACK, "Cashback",
         ("{amount} for your purchase at {merchant}.", "{amount}.")),
    Kind("transfer.received", Group.PAYMENTS, "Money received",
         ("{counterparty} has sent you {amount}: {note}", "{counterparty} has sent you {amount}.",
          "{amount} has arrived.")),
    Kind("transfer.waiting", Group.PAYMENTS, "Money is waiting for you",
         ("{counterparty} has sent you {amount}.", "{amount} is waiting.")),
    Kind("transfer.completed", Group.PAYMENTS, "Payment arrived",
         ("{counterparty} has received {amount}.", "{amount} has arrived.")),
    Kind("transfer.expired", Group.PAYMENTS, "Payment returned",
         ("{amount} was not taken in time and is back with you.",)),
    Kind("transfer.canceled", Group.PAYMENTS, "Payment canceled",
         ("The payment of {amount} with {counterparty} was canceled.",
          "The payment of {amount} was canceled.")),
    Kind("request.received", Group.PAYMENTS, "Somebody asks you for money",
         ("{counterparty} asks for {amount}: {note}", "{counterparty} asks for {amount}.",
          "{amount} is asked for.")),
    Kind("request.paid", Group.PAYMENTS, "Request paid",
         ("{counterparty} has paid you {amount}.", "{amount} was paid.")),
    Kind("request.declined", Group.PAYMENTS, "Request declined",
         ("{counterparty} has declined your request for {amount}.",
          "Your request for {amount} was declined.")),
    Kind("request.expired", Group.PAYMENTS, "Request expired",
         ("The request for {amount} has run out.",)),
    Kind("link.claimed", Group.PAYMENTS, "Link claimed",
         ("{counterparty} has taken the {amount} of your link.",
          "The {amount} of your link was taken.")),
    Kind("link.expired", Group.PAYMENTS, "Link expired",
         ("Nobody took the {amount} of your link; it is back with you.",)),
    Kind("deposit.received", Group.MONEY, "Deposit received", ("{amount} is in your account.",)),
    Kind("deposit.pending", Group.MONEY, "Deposit on its way", ("{amount} is being confirmed.",)),
    Kind("deposit.returned", Group.MONEY, "Deposit returned",
         ("{amount} has left your account again: {reason}.", "{amount} has left your account.")),
    Kind("top_up.failed", Group.MONEY, "Top-up failed",
         ("{amount} could not be collected: {reason}", "{amount} could not be collected.")),
    Kind("withdrawal.sent", Group.MONEY, "Withdrawal sent", ("{amount} is on its way.",)),
    Kind("withdrawal.completed", Group.MONEY, "Withdrawal arrived", ("{amount} has arrived.",)),
    Kind("withdrawal.failed", Group.MONEY, "Withdrawal failed",
         ("{amount} could not be paid out and is back with you: {reason}",
          "{amount} could not be paid out and is back with you.")),
    Kind("withdrawal.canceled", Group.MONEY, "Withdrawal canceled",
         ("{amount} stays with you: {reason}", "{amount} stays with you.")),
    Kind("primary.settled", Group.MONEY, "Settled by the issuer",
         ("Your {side} is settled: {units} for {cash}.",)),
    Kind("primary.rejected", Group.MONEY, "Not accepted",
         ("Your {side} of {asset} was not accepted, and what it set aside is free: {reason}",)),
    Kind("primary.failed", Group.MONEY, "Refused by the issuer",
         ("Your {side} of {asset} failed, and what it set aside is free: {reason}",)),
    Kind("primary.expired", Group.MONEY, "Not decided in time",
         ("Your {side} of {asset} ran out, and what it set aside is free: {reason}",)),
    Kind("order.filled", Group.TRADING, "Order filled", ("{sold} became {bought}.",)),
    Kind("order.canceled", Group.TRADING, "Order canceled",
         ("Your order for {asset} was canceled: {message}",)),
    Kind("recurring_buy.bought", Group.TRADING, "Recurring buy", ("{bought} for {sold}.",)),
    Kind("recurring_buy.skipped", Group.TRADING, "Recurring buy skipped",
         ("{asset} was not bought: {message}",)),
    Kind("recurring_buy.canceled", Group.TRADING, "Recurring buy canceled",
         ("{asset} is no longer bought for you: {message}",)),
    Kind("auto_convert.converted", Group.TRADING, "Converted", ("{sold} became {bought}.",)),
    Kind("auto_convert.skipped", Group.TRADING, "Not converted",
         ("{amount} stays as it is: {message}",)),
    Kind("asset.delisting", Group.MONEY, "Delisting announced",
         (("{asset} can no longer be bought. Sell or spend yours until {until}; what is left then"
          " becomes cash at the last price."),)),
    Kind("asset.delisting_near", Group.MONEY, "Becomes cash soon",
         ("Your {asset} becomes cash at the last price: sell or spend it until {until}.",)),
    Kind("asset.stays", Group.MONEY, "Delisting called off",
         ("{asset} stays after all, and can be bought again.",)),
    Kind("asset.converted", Group.MONEY, "Delisted and converted",
         ("Your {quantity} {asset} became {amount}.",)),
    Kind("destination.added", Group.SECURITY, "New place to withdraw to",
         ("{label} ({account}) was added. If that was not you, contact us at once.",
          "If that was not you, contact us at once.")),
    Kind("new_device", Group.SECURITY, "New device signed in",
         ("{name} has signed in. If that was not you, end it and change your password.",
          "If that was not you, change your password.")),
    Kind("verification_decided", Group.ACCOUNT, "Your verification",
         ("It is {state}: {reason}", "It is {state}.")),
    Kind("moved", Group.ACCOUNT, "Where you live",
         ("We have noted that you live in {country} now. If that is wrong, contact us.",)),
    Kind("statement.ready", Group.RECORDS, "Your statement is ready",
         ("The statement of {month} can be read in the app.", "It can be read in the app.")),
    Kind("export.ready", Group.RECORDS, "Your export is ready", ("It can be fetched in the app.",)),
    Kind("dispute.opened", Group.DISPUTES, "Dispute opened",
         ("About {amount} at {merchant}.", "About {amount}.")),
    Kind("dispute.submitted", Group.DISPUTES, "Dispute submitted",
         ("About {amount} at {merchant}.", "About {amount}.")),
    Kind("dispute.won", Group.DISPUTES, "Dispute won",
         ("{amount} at {merchant} is yours again.", "{amount} is yours again.")),
    Kind("dispute.lost", Group.DISPUTES, "Dispute lost",
         ("About {amount} at {merchant}.", "About {amount}.")),
    Kind("price.alert", Group.PRICES, "Price alert",
         ("{asset} is at {price}.", "{asset} has reached your price.")),
)  # fmt: skip
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _KINDS}
ALWAYS_ON: Final = tuple(sorted(k.name for k in _KINDS if not GROUPS[k.group].switchable))
"""The kinds that cannot be switched off; the database knows them, so a new one is a migration."""


def kind_of(name: str) -> Kind:
    """Return a kind; one that nobody described is called by its name, and stays in the inbox."""
    return KINDS.get(name) or Kind(name, Group.OTHER, _called(name))


def word(name: str, facts: Facts) -> Wording:
    """Return what a person reads of a notice; facts that are missing leave out their sentence."""
    kind = kind_of(name)
    said = (_filled(text, facts) for text in kind.texts)
    return Wording(kind.title, next((text for text in said if text), ""))


def _called(name: str) -> str:
    return name.replace(".", " ").replace("_", " ").capitalize()[:LONGEST_TITLE]


def _filled(text: str, facts: Facts) -> str:
    parts = []
    for literal, fact, _spec, _conversion in Formatter().parse(text):
        parts.append(literal)
        if fact is not None:
            value = _said(facts, fact)
            if not value:
                return ""
            parts.append(value)
    return "".join(parts)[:LONGEST_TEXT]


def _said(facts: Facts, name: str) -> str:
    value = facts.get(name)
    if isinstance(value, Mapping):
        return f"{value.get('amount', '')} {value.get('currency', '')}".strip()
    if value is None or isinstance(value, list):
        return ""
    said = " ".join(str(value).split())[:_LONGEST_FACT]
    if name == "amount" and said and (currency := facts.get("currency")):
        return f"{said} {currency}"
    return said
