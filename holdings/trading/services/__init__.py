"""Convert: by a quote, a limit order, a recurring buy or an auto-convert rule."""

from holdings.trading.services.auto_convert import (
    Waits,
    apply_auto_convert,
    drop_rule,
    promise_auto_convert,
    set_rule,
)
from holdings.trading.services.conversions import InsufficientFunds, accept_quote, convert

__all__ = [
    "InsufficientFunds",
    "Waits",
    "accept_quote",
    "apply_auto_convert",
    "convert",
    "drop_rule",
    "promise_auto_convert",
    "set_rule",
]
