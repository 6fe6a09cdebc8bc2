"""From the stored snapshot and the board to the facts of a decision, and back from storage.

A decision keeps the snapshot and the prices of the assets in it, so that `facts_of` builds
the same facts from storage as it did at the tap.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from cards.authorizations.rules.decision import Earlier, Facts, PolicyFacts, Spent
from cards.issuing.rules import Controls
from fx.assets.rules import PROPERTIES, Kind
from fx.prices.rules import Board
from holdings.trading.rules.waterfall import Sellable
from krak.core.money import floor_to, places_of, plain

PRICE_PLACES: Final = 18
"""Prices per base unit in the card's currency are cut here, once: what the customer gets, down."""


@dataclass(frozen=True)
class AssetPrice:
    """What one base unit of an asset is worth in the card's currency at the tap, and how surely."""

    kind: Kind
    bid: Decimal
    mid: Decimal
    multiplier: Decimal
    market_open: bool
    venue: str
    source: str
    as_of: datetime

    @cached_property
    def stored(self) -> dict[str, Any]:
        """What a decision keeps of it."""
        return {
            "kind": str(self.kind),
            "bid": plain(self.bid),
            "mid": plain(self.mid),
            "multiplier": plain(self.multiplier),
            "market_open": self.market_open,
            "venue": self.venue,
            "source": self.source,
            "as_of": self.as_of.isoformat(),
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "AssetPrice":
        """Return what `stored` wrote."""
        return AssetPrice(
            kind=Kind(stored["kind"]),
            bid=Decimal(stored["bid"]),
            mid=Decimal(stored["mid"]),
            multiplier=Decimal(stored["multiplier"]),
            market_open=stored["market_open"],
            venue=stored["venue"],
            source=stored["source"],
            as_of=datetime.fromisoformat(stored["as_of"]),
        )


def prices_of(
    codes: Iterable[str], *, board: Board, currency: str, now: datetime
) -> dict[str, AssetPrice]:
    """Return the prices of those assets that may be sold now: fresh, not halted, crossable."""
    if not board.is_fresh(currency, now):
        return {}
    known = board.worked_out.setdefault(("prices of a tap", currency), {})
    found: dict[str, AssetPrice] = {}
    for code in codes:
        if board.price(code) is None or not board.may_trade(code, now):
            continue
        if code not in known:
            known[code] = _price_of(code, board, currency)
        if (price := known[code]) is not None:
            found[code] = price
    return found


def _price_of(code: str, board: Board, currency: str) -> AssetPrice | None:
    price, bid = board.prices[code], floor_to(board.base_bid_in(code, currency), PRICE_PLACES)
    if bid <= 0:
        return None
    return AssetPrice(
        kind=price.kind,
        bid=bid,
        mid=floor_to(board.mid_in(code, currency) * price.multiplier, PRICE_PLACES),
        multiplier=price.multiplier,
        market_open=price.market_open,
        venue=price.venue,
        source=price.source,
        as_of=price.as_of,
    )


def multipliers_of(codes: Iterable[str], *, board: Board, now: datetime) -> dict[str, str]:
    """Return the multipliers in force of what has one other than 1, priced or not."""
    found = {code: board.multiplier(code, now) for code in codes}
    return {code: plain(multiplier) for code, multiplier in found.items() if multiplier != 1}


@dataclass(frozen=True, slots=True)
class Spending:
    """How a customer wants to pay: None as order means the default one."""

    order: tuple[str, ...] | None
    excluded: frozenset[str]


def sellables_of(
    units: Mapping[str, Decimal],
    prices: Mapping[str, AssetPrice],
    *,
    spending: Spending,
    haircuts: Mapping[str, tuple[Decimal, Decimal]],
    currency: str,
) -> tuple[Sellable, ...]:
    """Return what may be sold, in the order in which it is.

    Left out: the card's own currency, what the customer excluded or did not rank, and what
    has no usable price. Unranked: other fiat, stablecoins, crypto by value, tokenized by value.
    """
    candidates = {}
    for code, amount in units.items():
        price = prices.get(code)
        if price is None or amount <= 0 or code == currency or code in spending.excluded:
            continue
        open_haircut, closed_haircut = haircuts[price.kind]
        candidates[code] = Sellable(
            code=code,
            units=amount,
            places=places_of(code),
            bid=price.bid,
            mid=price.mid,
            haircut=open_haircut if price.market_open else closed_haircut,
        )
    if spending.order is not None:
        return tuple(candidates[code] for code in spending.order if code in candidates)
    return tuple(
        sorted(
            candidates.values(),
            key=lambda s: _rank(s, prices[s.code].kind),
        )
    )


def _rank(asset: Sellable, kind: Kind) -> tuple[int, Decimal, str]:
    properties = PROPERTIES[kind]
    value = asset.units * asset.bid if properties.ranked_by_value else Decimal(0)
    return properties.spend_rank, -value, asset.code


def policy_of(stored: Mapping[str, Any]) -> PolicyFacts:
    """Return the policy in a snapshot."""
    return PolicyFacts(
        id=UUID(stored["id"]),
        partial_minimum=Decimal(stored["partial_minimum"]),
        minimum_conversion=Decimal(stored["minimum_conversion"]),
        daily_limit=Decimal(stored["daily_limit"]),
        cash_daily_limit=Decimal(stored["cash_daily_limit"]),
        fx_buffer_bps=stored["fx_buffer_bps"],
        cash_enabled=stored["cash_enabled"],
        blocked_mccs=frozenset(stored["blocked_mccs"]),
        cash_mccs=frozenset(stored["cash_mccs"]),
        haircuts=haircuts_of(stored["haircuts"]),
    )


def controls_of(stored: Mapping[str, Any] | None) -> Controls:
    """Return what the card's owner allows it; decisions of before there were controls have none."""
    if stored is None:
        return Controls()
    limits = {
        name: None if stored[name] is None else Decimal(stored[name])
        for name in ("purchase_limit", "daily_limit", "monthly_limit")
    }
    return Controls(
        **limits,
        atm_enabled=stored["atm_enabled"],
        online_enabled=stored["online_enabled"],
        blocked_countries=tuple(stored["blocked_countries"]),
        blocked_mccs=tuple(stored["blocked_mccs"]),
    )


def spent_of(stored: Mapping[str, Any] | None) -> Spent:
    """Return what the card was approved for; nothing where no limit asks for it."""
    return Spent(**{name: Decimal(amount) for name, amount in (stored or {}).items()})


def haircuts_of(stored: Mapping[str, Any]) -> dict[str, tuple[Decimal, Decimal]]:
    """Return the haircuts of a policy: kind → (market open, only on chain)."""
    return {kind: (Decimal(pair[0]), Decimal(pair[1])) for kind, pair in stored.items()}


def accounts_of(snapshot: Mapping[str, Any]) -> dict[str, UUID]:
    """Return the customer's account per currency."""
    return {code: UUID(row[0]) for code, row in snapshot["balances"].items()}


def units_of(snapshot: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return the base units that are there and not set aside, per currency."""
    return {code: Decimal(row[1]) - Decimal(row[2]) for code, row in snapshot["balances"].items()}


def facts_of(
    snapshot: Mapping[str, Any], prices: Mapping[str, AssetPrice], *, livemode: bool, ours: bool
) -> Facts:
    """Return the facts of a decision; `livemode` is the request's, `ours` is this Krak's."""
    card, policy = snapshot["card"], policy_of(snapshot["policy"])
    currency = card["currency"]
    order = snapshot["spend_order"]
    _account, posted, held = snapshot["balances"][currency]
    return Facts(
        card_active=card["status"] == "ACTIVE",
        livemode_matches=livemode == ours and card["livemode"] == ours,
        frozen=snapshot["frozen"],
        currency=currency,
        places=places_of(currency),
        posted=Decimal(posted),
        held=Decimal(held),
        sellables=sellables_of(
            units_of(snapshot),
            prices,
            spending=Spending(
                order=tuple(order) if order is not None else None,
                excluded=frozenset(snapshot["excluded"]),
            ),
            haircuts=policy.haircuts,
            currency=currency,
        ),
        policy=policy,
        blocked_mccs=frozenset(snapshot["blocked_mccs"]),
        controls=controls_of(snapshot.get("controls")),
        spent=spent_of(snapshot.get("spent")),
        approved_today=Decimal(snapshot["approved_today"]),
        cash_today=Decimal(snapshot["cash_today"]),
        earlier=_earlier(snapshot.get("authorization")),
    )


def _earlier(stored: Mapping[str, Any] | None) -> Earlier | None:
    if stored is None:
        return None
    return Earlier(
        status=stored["status"],
        steps=stored["steps"],
        amount=Decimal(stored["amount"]),
        captured=Decimal(stored["captured"]),
    )
