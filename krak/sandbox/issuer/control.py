"""The control door under /_issuer/: what Stripe has not, to make things go wrong and arrive.

JSON in, JSON out, no key. docs/sandbox.md lists the calls.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from krak.sandbox.issuer import shapes
from krak.sandbox.issuer.answers import Answer
from krak.sandbox.issuer.errors import StripeProblem, missing_resource
from krak.sandbox.issuer.issuer import CURRENCIES, Issuer
from krak.sandbox.issuer.resources import authorizations, cards, disputes, money, payments, tokens

Body = dict[str, Any]
Handler = Callable[[Issuer, str, Body], Body]
LONGEST_WAIT_SECONDS: Final = 60.0
SOMEWHERE: Final = {"city": "San Francisco", "country": "US", "line1": "1 Market St"}


class BadControl(StripeProblem):
    """A control call that makes no sense."""


def answer(issuer: Issuer, method: str, path: str, body: Body) -> Answer:
    """Do what a control call says."""
    for route_method, pattern, handler in _ROUTES:
        match = re.fullmatch(pattern, path)
        if match and method == route_method:
            try:
                return Answer(200, handler(issuer, match[1] if match.groups() else "", body))
            except StripeProblem as problem:
                return Answer(problem.status, problem.body)
            except (KeyError, TypeError, ValueError) as problem:
                return Answer(400, BadControl(f"{type(problem).__name__}: {problem}").body)
    return Answer(404, BadControl(f"Unknown: {method} {path}").body)


def _only(body: Body, **types: type | tuple[type, ...]) -> Body:
    """Return the fields that are given; refuse others, and other types."""
    for name, value in body.items():
        if name not in types:
            raise BadControl(f"Unknown field: {name}")
        if not isinstance(value, types[name]) or (
            isinstance(value, bool) and types[name] is not bool
        ):
            raise BadControl(f"{name} cannot be {value!r}")
    return body


# --- Deliveries ----------------------------------------------------------------------------------
def _deliveries(issuer: Issuer, _id: str, body: Body) -> Body:
    wait = float(body.get("wait", 0))
    if wait:
        issuer.courier.wait_until_delivered(seconds=min(wait, LONGEST_WAIT_SECONDS))
    with issuer.store.change():
        return issuer.courier.counts()


def _set_faults(issuer: Issuer, _id: str, body: Body) -> Body:
    number = (int, float)
    faults = _only(
        body,
        duplicates=int,
        delay_seconds=number,
        shuffle_seconds=number,
        drop_every=int,
        hold=bool,
    )
    if any(value < 0 for value in faults.values()):
        raise BadControl("A fault is no negative number.")
    with issuer.store.change():
        issuer.store.set("faults", faults)
    return faults


def _release(issuer: Issuer, _id: str, body: Body) -> Body:
    asked = _only(body, order=str, events=list, seed=int)
    order = asked.get("order", "given")
    if order not in {"given", "reversed", "shuffled"}:
        raise BadControl(f"No such order: {order}")
    with issuer.store.change():
        released = issuer.courier.release(
            order=order, events=asked.get("events"), seed=asked.get("seed")
        )
    return {"released": released}


def _deliver_again(issuer: Issuer, stripe_id: str, _body: Body) -> Body:
    with issuer.store.change():
        event = issuer.get("event", stripe_id)
        issuer.courier.again(event["id"])
    return {"event": stripe_id}


def _set_failures(issuer: Issuer, _id: str, body: Body) -> Body:
    failures = {
        "times": 1,
        "status": 500,
        "path": "/v1/",
        "lose_answer": False,
        **_only(body, times=int, status=int, path=str, lose_answer=bool),
    }
    with issuer.store.change():
        issuer.store.set("failures", failures)
    return failures


# --- How the issuer behaves ----------------------------------------------------------------------
def _set_rules(issuer: Issuer, _id: str, body: Body) -> Body:
    number = (int, float)
    rules = _only(
        body,
        ask_timeout_seconds=number,
        unanswered=str,
        network=str,
        topups_arrive_after_seconds=(int, float, type(None)),
    )
    if rules.get("unanswered", "decline") not in {"approve", "decline"}:
        raise BadControl("`unanswered` is approve or decline.")
    if rules.get("network", "") not in {"", "approve", "decline"}:
        raise BadControl("`network` is approve, decline or empty.")
    with issuer.store.change():
        issuer.store.set("rules", {**issuer.store.setting("rules", {}), **rules})
        kept: Body = issuer.store.setting("rules")
    return kept


def _set_webhooks(issuer: Issuer, _id: str, body: Body) -> Body:
    issuer.point_to(_only(body, url=str)["url"])
    return {"url": issuer.webhooks}


def _advance_clock(issuer: Issuer, _id: str, body: Body) -> Body:
    with issuer.store.change():
        ahead = issuer.store.setting("clock_ahead_seconds", 0)
        issuer.store.set("clock_ahead_seconds", ahead + _only(body, seconds=int)["seconds"])
    return {"now": issuer.now()}


def _reset(issuer: Issuer, _id: str, _body: Body) -> Body:
    with issuer.store.change():
        issuer.store.forget_everything()
        issuer.open_balances()
    return {}


# --- Money ---------------------------------------------------------------------------------------
def _set_balance(issuer: Issuer, _id: str, body: Body) -> Body:
    asked = _only(body, currency=str, amount=int)
    currency = asked.get("currency", "usd")
    if currency not in CURRENCIES:
        raise BadControl(f"No cards are issued in {currency}.")
    with issuer.store.change():
        more = asked["amount"] - issuer.balance_of("issuing", currency)
        if more:
            issuer.move(more, currency, kind="adjustment", source=None)
    return {"currency": currency, "amount": asked["amount"]}


def _topup(issuer: Issuer, stripe_id: str, body: Body) -> Body:
    asked = _only(body, outcome=str).get("outcome", "succeeded")
    settle = {"succeeded": money.arrive, "failed": money.fail, "reversed": money.reverse}.get(asked)
    if settle is None:
        raise BadControl(f"A top-up cannot be {asked}.")
    with issuer.store.change():
        return issuer.show(settle(issuer, stripe_id))


def _dispute(issuer: Issuer, stripe_id: str, body: Body) -> Body:
    asked = _only(body, outcome=str, amount=int, loss_reason=str)
    with issuer.store.change():
        match asked["outcome"]:
            case "won":
                decided = disputes.win(issuer, stripe_id, amount=asked.get("amount"))
            case "lost":
                reason = asked.get("loss_reason", "transaction_authorized")
                decided = disputes.lose(issuer, stripe_id, reason=reason)
            case "rescinded":
                decided = disputes.rescind(issuer, stripe_id)
            case "expired":
                decided = disputes.expire(issuer, stripe_id)
            case other:
                raise BadControl(f"A dispute cannot be {other}.")
        return issuer.show(decided)


def _pay(issuer: Issuer, stripe_id: str, body: Body) -> Body:
    asked = _only(body, outcome=str, amount=int, currency=str)
    with issuer.store.change():
        paid = payments.pay(
            issuer, stripe_id, asked.get("outcome", "succeeded"),
            amount=asked.get("amount"), currency=asked.get("currency"),
        )  # fmt: skip
        return issuer.show(paid)


def _fail_refund(issuer: Issuer, stripe_id: str, body: Body) -> Body:
    _only(body)
    with issuer.store.change():
        return issuer.show(payments.fail_refund(issuer, stripe_id))


def _dispute_payment(issuer: Issuer, stripe_id: str, body: Body) -> Body:
    asked = _only(body, amount=int, reason=str)
    with issuer.store.change():
        made = payments.dispute(
            issuer, stripe_id, amount=asked.get("amount"),
            reason=asked.get("reason", "fraudulent"),
        )  # fmt: skip
        return issuer.show(made)


def _decide_payment(issuer: Issuer, stripe_id: str, body: Body) -> Body:
    outcome = _only(body, outcome=str)["outcome"]
    with issuer.store.change():
        return issuer.show(payments.decide_dispute(issuer, stripe_id, outcome))


# --- Cards ---------------------------------------------------------------------------------------
def _import_card(issuer: Issuer, _id: str, body: Body) -> Body:
    """Keep a card that Krak has already, and its holder; a card that is here stays as it is."""
    text = str
    asked = _only(
        body,
        id=text,
        cardholder=text,
        currency=text,
        last4=text,
        status=text,
        name=text,
        type=text,
        replacement_for=text,
    )
    with issuer.store.change():
        if (known := issuer.store.find(cards.KIND, asked["id"])) is not None:
            return issuer.show(known)
        if asked["currency"] not in CURRENCIES:
            raise BadControl(f"No cards are issued in {asked['currency']}.")
        status = asked.get("status", "active")
        if status not in {"active", "inactive", "canceled"}:
            raise BadControl(f"A card cannot be {status}.")
        if issuer.store.find("issuing.cardholder", asked["cardholder"]) is None:
            issuer.store.add(
                shapes.cardholder(
                    stripe_id=asked["cardholder"],
                    name=asked.get("name", "Sandbox Customer"),
                    address={**SOMEWHERE, "postal_code": "94105"},
                    created=issuer.now(),
                )
            )
        made = cards.new_card(
            issuer,
            stripe_id=asked["id"],
            cardholder=asked["cardholder"],
            currency=asked["currency"],
            last4=asked.get("last4"),
            kind=asked.get("type", "virtual"),
        )
        made["status"] = status
        made["replacement_for"] = asked.get("replacement_for")
        return issuer.show(issuer.store.add(made))


def _import_purchase(issuer: Issuer, _id: str, body: Body) -> Body:
    """Keep a purchase that was played without us, as Stripe would have it; tell nobody."""
    asked = _only(body, authorization=dict, capture=(dict, type(None)))
    authorization, capture = asked["authorization"], asked.get("capture")
    with issuer.store.change():
        card = issuer.get(cards.KIND, authorization["card"]["id"])
        if issuer.store.find(authorizations.KIND, authorization["id"]) is None:
            captured = -capture["amount"] if capture else 0
            issuer.store.add(
                authorization
                | {
                    "card": card["id"],
                    "transactions": [capture["id"]] if capture else [],
                    "_captured": captured,
                    "_held": 0,
                }
            )
            if capture:
                issuer.store.add(capture)
        return issuer.show(issuer.get(authorizations.KIND, authorization["id"]))


def _provision(issuer: Issuer, _id: str, body: Body) -> Body:
    asked = _only(body, card=str, wallet_provider=str, status=str)
    with issuer.store.change():
        token = tokens.provision(
            issuer,
            card=asked["card"],
            wallet=asked.get("wallet_provider", "apple_pay"),
            status=asked.get("status", "active"),
        )
        return issuer.show(token)


def _require_of_cardholder(issuer: Issuer, stripe_id: str, body: Body) -> Body:
    """Ask for documents of a cardholder, or find that nothing is missing any more."""
    past_due = _only(body, past_due=list)["past_due"]
    with issuer.store.change():
        cardholder = issuer.store.find("issuing.cardholder", stripe_id)
        if cardholder is None:
            raise missing_resource("issuing cardholder", stripe_id)
        with issuer.changing(cardholder, told="issuing_cardholder.updated"):
            cardholder["requirements"] = {
                "disabled_reason": "requirements.past_due" if past_due else None,
                "past_due": past_due,
            }
        return issuer.show(cardholder)


_ROUTES: Final[list[tuple[str, str, Handler]]] = [
    ("GET", r"/_issuer/deliveries", _deliveries),
    ("PUT", r"/_issuer/faults", _set_faults),
    ("PUT", r"/_issuer/failures", _set_failures),
    ("POST", r"/_issuer/deliveries/release", _release),
    ("POST", r"/_issuer/events/([^/]+)/deliver", _deliver_again),
    ("PUT", r"/_issuer/rules", _set_rules),
    ("PUT", r"/_issuer/webhooks", _set_webhooks),
    ("POST", r"/_issuer/clock", _advance_clock),
    ("POST", r"/_issuer/reset", _reset),
    ("PUT", r"/_issuer/balance", _set_balance),
    ("POST", r"/_issuer/topups/([^/]+)", _topup),
    ("POST", r"/_issuer/disputes/([^/]+)", _dispute),
    ("POST", r"/_issuer/payment_intents/([^/]+)", _pay),
    ("POST", r"/_issuer/payment_intents/([^/]+)/dispute", _dispute_payment),
    ("POST", r"/_issuer/refunds/([^/]+)/fail", _fail_refund),
    ("POST", r"/_issuer/payment_disputes/([^/]+)", _decide_payment),
    ("POST", r"/_issuer/cards", _import_card),
    ("POST", r"/_issuer/purchases", _import_purchase),
    ("POST", r"/_issuer/tokens", _provision),
    ("POST", r"/_issuer/cardholders/([^/]+)", _require_of_cardholder),
]
