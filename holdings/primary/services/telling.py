"""What parties are told of their requests."""

from datetime import datetime
from typing import Any

from fx.prices import live
from holdings.ledger.queries import told
from holdings.primary.models import Request
from holdings.primary.rules import CASH
from krak.core.ids import show
from krak.core.money import amount_object, money
from krak.core.transactions import takes_part
from krak.notifications import services as notifications


@takes_part
def tell_of(request: Request, kind: str, *, now: datetime) -> None:
    """Promise a notice about a request: what it was for, and how it ended."""
    facts: dict[str, Any] = {
        "request": show(Request.PREFIX, request.id),
        "side": request.side.lower(),
        "asset": request.asset,
    }
    if request.cash is not None:
        facts["cash"] = amount_object(money(request.cash, CASH))
    if request.units is not None:
        facts["units"] = told(request.units, code=request.asset, board=live.current(), now=now)
    if request.failure:
        facts["reason"] = request.failure
    notifications.promise(request.customer_id, kind, facts)
