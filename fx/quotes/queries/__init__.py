"""Reads of quotes: what one would cost, and what was said in one."""

from fx.quotes.queries.limits import (
    AboveDailyMaximum,
    AmountTooLarge,
    BelowMinimum,
    Terms,
    converted_since,
    require_countable,
    require_within_day,
    require_within_limits,
    terms_in_force,
)
from fx.quotes.queries.pairs import (
    NoPriceNow,
    Pair,
    SameAsset,
    in_base_units,
    pair_of,
)
from fx.quotes.queries.permission import (
    AccountFrozen,
    Delisting,
    Halted,
    StalePrice,
    require_allowed,
    require_not_halted,
    require_of_the_moment,
)
from fx.quotes.queries.pricing import (
    Priced,
    QuoteNotFound,
    converted,
    price,
    quote_of,
)
from fx.quotes.queries.shown import (
    Rounding,
    ShownLeg,
    ShownQuote,
    shown,
    state_of,
)

__all__ = [
    "AboveDailyMaximum",
    "AccountFrozen",
    "AmountTooLarge",
    "BelowMinimum",
    "Delisting",
    "Halted",
    "NoPriceNow",
    "Pair",
    "Priced",
    "QuoteNotFound",
    "Rounding",
    "SameAsset",
    "ShownLeg",
    "ShownQuote",
    "StalePrice",
    "Terms",
    "converted",
    "converted_since",
    "in_base_units",
    "pair_of",
    "price",
    "quote_of",
    "require_allowed",
    "require_countable",
    "require_not_halted",
    "require_of_the_moment",
    "require_within_day",
    "require_within_limits",
    "shown",
    "state_of",
    "terms_in_force",
]
