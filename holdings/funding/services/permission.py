"""Whether a customer may move so much money; asked under the lock on their book."""

from datetime import datetime
from decimal import Decimal

from fx.prices.rules import Board
from fx.quotes.queries import AccountFrozen, rate_from_usd
from holdings.funding import queries
from holdings.funding.queries import Moved
from holdings.ledger import services as ledger
from krak.core.transactions import takes_part
from krak.customers.models import Act, Customer
from krak.customers.queries import permitted, require_within


@takes_part
def lock_and_permit(
    customer: Customer, act: Act, *, usd: Decimal, board: Board, now: datetime
) -> None:
    """Lock the customer's book, and refuse what compliance or their level do not allow.

    What moved before is counted after the lock, so that of many at once as many pass as may.

    Raises:
        AccountFrozen: compliance has frozen the account.
        NoPriceNow: the limit is in a currency without a price.
        What `krak.customers.queries.permitted` and `require_within` raise.
    """
    ledger.lock_books([customer.id])
    customer.refresh_from_db(fields=["frozen_at"])
    if customer.frozen_at is not None:
        raise AccountFrozen
    allowance = permitted(customer, act, now=now)
    count = queries.withdrawn if act is Act.WITHDRAW else queries.deposited
    before: Moved = count(customer_id=customer.id, now=now)
    rate = rate_from_usd(allowance.currency, board=board)
    require_within(allowance, day=(before.day + usd) * rate, month=(before.month + usd) * rate)
