"""The task's door to rewards."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cards.cashback import services
from krak.cases import services as cases
from krak.core.outbox import services as outbox
from krak.core.outbox.registry import handles_many
from krak.core.transactions import takes_part

LONG: Final = timedelta(days=4)
"""A halt lasts half an hour, a weekend two days; what lasts longer is for staff to look at."""


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
    if waited > LONG:
        cases.open_case(
            kind="reward_without_price",
            subject=payload["group"],
            customer_id=UUID(payload["customer"]),
            now=now,
            since=(now - waited).isoformat(),
        )
    outbox.put_off("cashback.settle", payload, now=now)
