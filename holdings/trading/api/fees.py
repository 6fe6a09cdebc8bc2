"""What trades later will be charged, told beforehand: by the rule that quotes charge by."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from fx.quotes.queries import NoPriceNow, Pair, Terms, pair_of, terms_in_force
from fx.quotes.rules import Fees, fee_of
from holdings.ledger.shapes import seen


def fees_in(context: Mapping[str, Any], *, sell: str, buy: str) -> Fees:
    """Return what converting the one into the other is charged at the moment of the answer."""
    return _terms(context).fees.between(sell, buy)


def pair_in(context: Mapping[str, Any], *, sell: str, buy: str) -> Pair | None:
    """Return both assets at the prices of the answer; None while the board lacks one."""
    try:
        return pair_of(sell, buy, board=seen(context)["board"])
    except NoPriceNow:
        return None


def fee_in(context: Mapping[str, Any], units: Decimal, *, pair: Pair) -> Decimal:
    """Return what of `units` (base) of what is sold would be the fee, in base units."""
    return fee_of(units, sold=pair.sold, bought=pair.bought, fees=_terms(context).fees)


def _terms(context: Mapping[str, Any]) -> Terms:
    if "terms" not in context:
        cast("dict[str, Any]", context)["terms"] = terms_in_force(at=seen(context)["now"])
    terms: Terms = context["terms"]
    return terms
