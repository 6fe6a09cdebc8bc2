"""Write down what everybody's holdings were worth when a day ended."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from fx.candles.queries import closes_at
from holdings.portfolio import queries
from holdings.portfolio.models import DayValue
from krak.core.money import STORED_PLACES, nearest_to
from krak.core.transactions import transaction

BATCH: Final = 500


def write_day(*, on: date, now: datetime, batch: int = BATCH) -> int:
    """Value what every customer had when the day `on` ended in UTC; return how many had something.

    By the closes and the balances of that moment, so it makes no difference when this runs, or
    how often. Each batch of customers is a transaction; those that are done are passed over, so
    one that died goes on where it was.
    """
    end = datetime.combine(on + timedelta(days=1), time(), UTC)
    closes = closes_at(end)
    written, after = 0, UUID(int=0)
    while customers := queries.customers_to_value(on=on, after=after, most=batch):
        after = customers[-1]
        rows: defaultdict[UUID, list[tuple[str, Decimal]]] = defaultdict(list)
        for customer_id, code, units in queries.units_before(end, customer_ids=customers):
            rows[customer_id].append((code, units))
        with transaction():
            DayValue.objects.bulk_create(
                [
                    DayValue(
                        customer_id=customer_id,
                        valued_on=on,
                        value=nearest_to(
                            sum((u * closes[c] for c, u in held if c in closes), Decimal(0)),
                            STORED_PLACES,
                        ),
                        unpriced=sum(code not in closes for code, _units in held),
                        created_at=now,
                    )
                    for customer_id, held in rows.items()
                ],
                ignore_conflicts=True,
            )
        written += len(rows)
    return written
