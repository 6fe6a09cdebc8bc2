"""When the clock asks for what, in seconds between ticks.

How often a job really runs is its own matter: krak/core/schedule.
"""

from typing import Any, Final

from celery.schedules import crontab

JOBS: Final = "jobs"
"""The queue of what may take long, and the process for it: nobody who waits stands behind it."""

_SHORT: Final[dict[str, dict[str, Any]]] = {
    "roll up the house": {"task": "ledger.roll_up_house", "schedule": 5},
    "net the house's exposure": {"task": "hedging.net", "schedule": 10},
    "read what the venue trades": {"task": "hedging.refresh_instruments", "schedule": 60},
    # What waits in the queue longer than until the next one is not worth doing any more.
    "fill orders": {"task": "trading.fill_orders", "schedule": 1, "options": {"expires": 2}},
    "deliver what people sent": {"task": "transfers.deliver", "schedule": 30},
    "return what nobody took": {"task": "transfers.expire", "schedule": 60},
    "recurring buys": {
        "task": "trading.run_recurring_buys",
        "schedule": 5,
        "options": {"expires": 10},
    },
    "expire proposals": {"task": "approvals.expire", "schedule": 300},
    "watch the float": {"task": "treasury.watch", "schedule": 60},
    "let verifications run out": {"task": "customers.expire_verifications", "schedule": 3600},
    "tell Stripe again": {"task": "issuing.tell_again", "schedule": 600},
    "tell Stripe of disputes again": {"task": "disputes.tell_again", "schedule": 600},
    "let disputes run out": {"task": "disputes.expire", "schedule": 3600},
    "fire price alerts": {"task": "alerts.fire", "schedule": 5, "options": {"expires": 5}},
    "follow withdrawals": {"task": "funding.follow", "schedule": 60},
    "follow what issuers have": {"task": "primary.follow", "schedule": 60},
    "let undecided requests run out": {"task": "primary.expire", "schedule": 3600},
    "end top-ups that nobody paid": {"task": "funding.end_top_ups", "schedule": 600},
}
_LONG: Final[dict[str, dict[str, Any]]] = {
    "prove the books": {"task": "runtime.prove_books", "schedule": 6},
    "prove the history of changes": {"task": "runtime.prove_history", "schedule": 6},
    "purge": {"task": "runtime.purge", "schedule": 300},
    "archive": {"task": "runtime.archive", "schedule": 300},
    "fetch what Stripe could not deliver": {
        "task": "reconciliation.fetch_undelivered",
        "schedule": 600,
    },
    "compare the hour with Stripe": {
        "task": "reconciliation.compare",
        "schedule": 240,
        "kwargs": {"window": "hour"},
    },
    "compare the day with Stripe": {"task": "reconciliation.compare", "schedule": 3600},
    "roll up candles": {"task": "candles.roll_up", "schedule": 60},
    "write down the worth of days": {"task": "portfolio.write_days", "schedule": 300},
    "forget what the law has let go of": {"task": "privacy.forget_facts", "schedule": 3600},
    "prove reserves": {"task": "reserves.prove", "schedule": 300},
    "turn into cash what was delisted": {"task": "trading.convert_delisted", "schedule": 300},
    "issue statements": {"task": "statements.issue", "schedule": 600},
    "partitions of candles": {"task": "candles.partitions", "schedule": 300},
}
_NIGHTLY: Final[dict[str, dict[str, Any]]] = {
    "compare all with Stripe": {
        "task": "reconciliation.compare",
        "schedule": crontab(hour=3, minute=30),
        "kwargs": {"window": "all"},
        "options": {"queue": JOBS},
    },
}
TICKS: Final = (
    _SHORT
    | {
        name: tick | {"options": {"queue": JOBS, "expires": tick["schedule"]}}
        for name, tick in _LONG.items()
    }
    | _NIGHTLY
)
