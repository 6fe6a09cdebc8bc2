"""How fast taps are answered, and how."""

from typing import Any, Final

from prometheus_client import Counter, Histogram

from cards.authorizations.rules.decision import Decline

_SECONDS: Final = Histogram(
    "krak_decision_seconds",
    "From a signed authorization request to the answer with everything committed.",
    ["outcome"],
    buckets=(0.002, 0.004, 0.006, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.2, 2.0),
)
_DECLINES: Final = Counter("krak_declines", "Declined requests by reason.", ["reason"])
for _reason in Decline:
    # A counter that first appears as 1 has not increased, to Prometheus.
    _DECLINES.labels(_reason)
_UNKNOWN_CURRENCIES: Final = Counter(
    "krak_unknown_merchant_currencies",
    "Requests in a merchant currency that we cannot read, decided on the card's amount.",
)


def unknown_currency() -> None:
    """Count a request whose merchant figure is kept as it came."""
    _UNKNOWN_CURRENCIES.inc()


def answered(answer: dict[str, Any], *, seconds: float) -> None:
    """Count an answer to the card network."""
    reason = answer["metadata"].get("decline_reason")
    outcome = "declined" if reason else "partial" if "amount" in answer else "approved"
    _SECONDS.labels(outcome).observe(seconds)
    if reason:
        _DECLINES.labels(reason).inc()
