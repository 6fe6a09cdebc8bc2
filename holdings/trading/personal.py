"""What people traded, and what trades for them by itself."""

from collections.abc import Sequence
from uuid import UUID

from holdings.trading.models import Order, RecurringBuy
from krak.core.personal import Obstacle, holds, objects

for _model in (
    "Trade", "Order", "RecurringBuy", "RecurringRun", "AutoConvertRule", "AutoConvertRun",
):  # fmt: skip
    holds(f"trading.{_model}", keeps="books must be kept")


@objects
def _open(customer_id: UUID) -> Sequence[Obstacle]:
    found = []
    if Order.objects.filter(customer_id=customer_id, trade=None, canceled_at=None).exists():
        found.append(Obstacle("orders_open", "Orders are open; cancel them.", "/v1/orders"))
    if RecurringBuy.objects.filter(customer_id=customer_id, canceled_at=None).exists():
        found.append(
            Obstacle(
                "recurring_buys_active", "Recurring buys would go on; cancel them.",
                "/v1/recurring-buys",
            )
        )  # fmt: skip
    return found
