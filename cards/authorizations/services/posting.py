"""What a decision writes: its rows as `authorizations_settle` takes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from cards.authorizations.models import hold_reference
from cards.authorizations.rules.decision import AuthorizationRequest, Verdict, answer_of
from cards.authorizations.rules.facts import AssetPrice, accounts_of, multipliers_of
from cards.authorizations.services.strays import stored_request
from cards.authorizations.services.telling import notice_of
from fx.prices.rules import Board
from holdings.ledger.rules import Entry
from holdings.lots import services as lots
from holdings.trading.rules.waterfall import Sale, legs_of_sale
from krak.core.ids import show, uuid7
from krak.core.minor_units import to_minor
from krak.core.money import money, places_of, plain, require_exact


def posting_of(
    request: AuthorizationRequest,
    verdict: Verdict,
    *,
    snapshot: dict[str, Any],
    prices: dict[str, AssetPrice],
    board: Board,
    now: datetime,
) -> dict[str, Any]:
    """Return what `authorizations_settle` writes.

    Raises:
        InexactAmount: the hold has more decimals than its currency.
    """
    decision_id, currency = uuid7(), request.currency
    require_exact(verdict.hold, places_of(currency))
    earlier = snapshot["authorization"]
    authorization_id = UUID(earlier["id"]) if earlier else uuid7()
    accounts = accounts_of(snapshot)
    outcome = "DECLINED" if verdict.decline else "PARTIAL" if verdict.is_partial else "APPROVED"
    entries = [
        (sale, _sale_entry(sale, request, snapshot, accounts, prices, now=now))
        for sale in verdict.sales
    ]
    return {
        "authorization": {
            "id": str(authorization_id),
            "card": snapshot["card"]["id"],
            "stripe_id": request.stripe_id,
            "currency": currency,
            "merchant_name": request.merchant_name,
            "merchant_network_id": request.merchant_network_id,
            "merchant_country": request.merchant_country,
            "mcc": request.mcc,
        },
        "home": snapshot["home"],
        "entries": [entry.as_json() for _, entry in entries],
        "hold": {
            "id": str(uuid7()),
            "account": str(accounts[currency]),
            "reference": hold_reference(request.stripe_id),
            "amount": plain(verdict.hold),
        }
        if verdict.hold
        else None,
        "decision": {
            "id": str(decision_id),
            "step": request.step,
            "outcome": outcome,
            "reason": str(verdict.decline or ""),
            "asked": plain(request.amount),
            "approved_amount": plain(verdict.approved),
            "cash_amount": plain(verdict.cash_amount),
            "held": plain(verdict.hold),
            "policy": snapshot["policy"]["id"],
            "board_version": board.version,
            "request": stored_request(request),
            "inputs": stored_inputs(snapshot, prices, board=board, now=now),
            "sales": [
                stored_sale(sale, prices[sale.code])
                | {"entry": str(entry.id)}
                | _in_lots(sale, cash=currency, home=snapshot["home"], board=board)
                for sale, entry in entries
            ],
            "answer": answer_of(
                verdict,
                decision_id=show("dec", decision_id),
                amount_minor=to_minor(money(verdict.approved, currency)),
            ),
            "decided_at": now.isoformat(),
        },
        "notice": notice_of(request, verdict, authorization_id=authorization_id),
    }


def stored_inputs(
    snapshot: dict[str, Any], prices: dict[str, AssetPrice], *, board: Board, now: datetime
) -> dict[str, Any]:
    """Return what a decision keeps of what it was made from: a replay needs nothing else."""
    return {
        "snapshot": snapshot,
        "prices": {code: price.stored for code, price in prices.items()},
        "multipliers": multipliers_of(snapshot["balances"], board=board, now=now),
        "livemode": settings.STRIPE_LIVEMODE,
    }


def stored_sale(sale: Sale, price: AssetPrice) -> dict[str, Any]:
    """Return what a decision keeps of a sale."""
    return {
        "currency": sale.code,
        "units": plain(sale.units),
        "bid": plain(sale.bid),
        "proceeds": plain(sale.proceeds),
        "spread": plain(sale.spread),
        "venue": price.venue,
    }


def _in_lots(sale: Sale, *, cash: str, home: str, board: Board) -> dict[str, str]:
    """Return what a sale is worth at home, and the lot of its cash, unless that is home's."""
    if cash == home:
        return {}
    return {
        "home_value": plain(lots.worth(sale.proceeds, cash, home, board=board)),
        "lot": str(uuid7()),
    }


def _sale_entry(
    sale: Sale,
    request: AuthorizationRequest,
    snapshot: dict[str, Any],
    accounts: dict[str, UUID],
    prices: dict[str, AssetPrice],
    *,
    now: datetime,
) -> Entry:
    return Entry(
        id=uuid7(),
        customer_id=UUID(snapshot["customer"]),
        cause=f"authorization:{request.stripe_id}:{request.step}:sale:{sale.code}",
        kind="SALE",
        event_at=now,
        created_at=now,
        legs=legs_of_sale(
            sale,
            asset_account=accounts[sale.code],
            cash_account=accounts[request.currency],
            cash=request.currency,
        ),
        details={
            "price": prices[sale.code].stored,
            "spread": plain(sale.spread),
            "merchant": request.merchant_name,
        },
    )
