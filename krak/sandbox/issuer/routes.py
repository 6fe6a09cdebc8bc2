"""Which address is answered by which function."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from krak.sandbox.issuer.calls import Call, Page, Plain
from krak.sandbox.issuer.resources import (
    asking,
    authorizations,
    cardholders,
    cards,
    disputes,
    events,
    money,
    payments,
    tokens,
    transactions,
)
from krak.sandbox.issuer.store import Document

Handler = Callable[[Call], Document | Page | Plain]


@dataclass(frozen=True, slots=True)
class Route:
    """An address; one that waits for Krak opens its own changes."""

    method: str
    path: str
    handler: Handler
    waits: bool = False


_HELPERS: Final = "/v1/test_helpers/issuing"
ROUTES: Final = (
    Route("POST", "/v1/issuing/cardholders", cardholders.create),
    Route("GET", "/v1/issuing/cardholders", cardholders.list_all),
    Route("GET", "/v1/issuing/cardholders/{id}", cardholders.retrieve),
    Route("POST", "/v1/issuing/cardholders/{id}", cardholders.update),
    Route("POST", "/v1/issuing/cards", cards.create),
    Route("GET", "/v1/issuing/cards", cards.list_all),
    Route("GET", "/v1/issuing/cards/{id}", cards.retrieve),
    Route("POST", "/v1/issuing/cards/{id}", cards.update),
    *(
        Route("POST", f"{_HELPERS}/cards/{{id}}/shipping/{step}", partial(cards.ship, step=step))
        for step in ("submit", "ship", "deliver", "return", "fail")
    ),
    Route("GET", "/v1/issuing/authorizations", authorizations.list_all),
    Route("GET", "/v1/issuing/authorizations/{id}", authorizations.retrieve),
    Route("POST", "/v1/issuing/authorizations/{id}", authorizations.update),
    Route("POST", f"{_HELPERS}/authorizations", asking.create, waits=True),
    Route("POST", f"{_HELPERS}/authorizations/{{id}}/increment", asking.increment, waits=True),
    Route("POST", f"{_HELPERS}/authorizations/{{id}}/capture", transactions.capture),
    Route("POST", f"{_HELPERS}/authorizations/{{id}}/reverse", authorizations.reverse),
    Route("POST", f"{_HELPERS}/authorizations/{{id}}/expire", authorizations.expire),
    Route(
        "POST", f"{_HELPERS}/authorizations/{{id}}/finalize_amount", authorizations.finalize_amount
    ),
    Route("GET", "/v1/issuing/transactions", transactions.list_all),
    Route("GET", "/v1/issuing/transactions/{id}", transactions.retrieve),
    Route("POST", "/v1/issuing/transactions/{id}", transactions.update),
    Route("POST", f"{_HELPERS}/transactions/create_force_capture", transactions.force_capture),
    Route("POST", f"{_HELPERS}/transactions/create_unlinked_refund", transactions.unlinked_refund),
    Route("POST", f"{_HELPERS}/transactions/{{id}}/refund", transactions.refund),
    Route("POST", "/v1/issuing/disputes", disputes.create),
    Route("GET", "/v1/issuing/disputes", disputes.list_all),
    Route("GET", "/v1/issuing/disputes/{id}", disputes.retrieve),
    Route("POST", "/v1/issuing/disputes/{id}", disputes.update),
    Route("POST", "/v1/issuing/disputes/{id}/submit", disputes.submit),
    Route("GET", "/v1/issuing/tokens", tokens.list_all),
    Route("GET", "/v1/issuing/tokens/{id}", tokens.retrieve),
    Route("POST", "/v1/issuing/tokens/{id}", tokens.update),
    Route("POST", "/v1/ephemeral_keys", tokens.create_key),
    Route("DELETE", "/v1/ephemeral_keys/{id}", tokens.delete_key),
    Route("POST", "/v1/topups", money.create),
    Route("GET", "/v1/topups", money.list_all),
    Route("GET", "/v1/topups/{id}", money.retrieve),
    Route("POST", "/v1/topups/{id}", money.update),
    Route("POST", "/v1/topups/{id}/cancel", money.cancel),
    Route("POST", "/v1/payment_intents", payments.create),
    Route("GET", "/v1/payment_intents", payments.list_all),
    Route("GET", "/v1/payment_intents/{id}", payments.retrieve),
    Route("POST", "/v1/payment_intents/{id}/confirm", payments.confirm),
    Route("POST", "/v1/payment_intents/{id}/cancel", payments.cancel),
    Route("POST", "/v1/refunds", payments.refund),
    Route("GET", "/v1/refunds/{id}", payments.retrieve_refund),
    Route("GET", "/v1/disputes/{id}", payments.retrieve_dispute),
    Route("GET", "/v1/balance", money.balance),
    Route("GET", "/v1/balance_transactions", money.list_records),
    Route("GET", "/v1/balance_transactions/{id}", money.retrieve_record),
    Route("GET", "/v1/events", events.list_all),
    Route("GET", "/v1/events/{id}", events.retrieve),
)
_PATTERNS: Final = [
    (route, re.compile(re.escape(route.path).replace(r"\{id\}", "([^/]+)"))) for route in ROUTES
]


def find(method: str, path: str) -> tuple[Route, str] | None:
    """Return the route of a request and the id in its address."""
    for route, pattern in _PATTERNS:
        if route.method == method and (match := pattern.fullmatch(path)):
            return route, match[1] if match.groups() else ""
    return None
