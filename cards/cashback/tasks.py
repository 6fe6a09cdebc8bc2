"""The task's door to rewards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from cards.cashback import services
from fx.prices.rules import LONG_WITHOUT_PRICE
from krak.cases import services as cases
from krak.core.outbox import services as outbox
from krak.core.outbox.registry import handles_many
from krak.core.transactions import takes_part


@handles_many("cashback.settle")
def settle(*, payloads: Sequence[dict[str, Any]], now: datetime) -> None:
    """Pay or take back what purchases' rewards have changed by.

    A reward whose asset has no price waits until it has one.
    """
    purchases = [(UUID(payload["customer"]), payload["group"]) for payload in payloads]
    try:
        services.settle(purchases, now=now)
    except services.RewardHasNoPrice:
        if len(payloads) > 1:
            # One by one, only those wait that have to.
            raise
        _wait(payloads[0], now=now)


@takes_part
def _wait(payload: dict[str, Any], *, now: datetime) -> None:
    waited = outbox.waited_for(payload, now=now)
    if waited > LONG_WITHOUT_PRICE:
        cases.open_case(
            kind="reward_without_price",
            subject=payload["group"],
            customer_id=UUID(payload["customer"]),
            now=now,
            since=(now - waited).isoformat(),
        )
    outbox.put_off("cashback.settle", payload, now=now)
