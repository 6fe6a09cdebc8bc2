"""What a decision never does, whatever is held, ranked, excluded, stale or halted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.authorizations.rules.decision import AuthorizationRequest, Decline, Facts, decide
from cards.authorizations.rules.facts import (
    AssetPrice,
    Spending,
    facts_of,
    prices_of,
    sellables_of,
)
from cards.issuing.policies import FirstPolicy
from fx.prices.rules import Board
from holdings.trading.rules.waterfall import Sellable
from krak.core import clock
from krak.core.money import places_of, plain
from tests.boards import KINDS, USUAL, board_of_pins

HAIRCUTS = FirstPolicy().haircuts
HAIRCUTS_READ = {kind: (Decimal(a), Decimal(b)) for kind, (a, b) in HAIRCUTS.items()}
ASSETS = sorted(set(KINDS) - {"USD"})
PLENTY = 10**12


def _request(amount: Decimal, **rest: Any) -> AuthorizationRequest:
    given = {
        "stripe_id": "iauth_1", "step": 0, "card_stripe_id": "ic_1", "livemode": False,
        "currency": "USD", "cashback_amount": Decimal(0), "atm_fee": Decimal(0),
        "is_amount_controllable": False, "mcc": "5812", "merchant_name": "RAMEN TOKYO",
        "merchant_network_id": "", "merchant_country": "JP", "merchant_currency": "USD",
        "merchant_amount_minor": 0, "method": "online", "event_id": "evt_1",
    }  # fmt: skip
    return AuthorizationRequest(amount=amount, **(given | rest))  # type: ignore[arg-type]


def _policy(**rest: Any) -> dict[str, Any]:
    return {
        "id": str(UUID(int=7)), "partial_minimum": "1", "minimum_conversion": "0",
        "daily_limit": str(PLENTY), "cash_daily_limit": str(PLENTY), "fx_buffer_bps": 0,
        "cash_enabled": True, "blocked_mccs": ["6051", "7801", "7802", "7995"],
        "cash_mccs": ["6010", "6011"], "haircuts": HAIRCUTS,
    } | rest  # fmt: skip


def _snapshot(
    balances: Mapping[str, tuple[str, str]], *, currency: str = "USD", **rest: Any
) -> dict[str, Any]:
    return {
        "customer": str(UUID(int=1)), "version": 3, "frozen": False,
        "card": {"id": str(UUID(int=2)), "status": "ACTIVE", "currency": currency,
                 "livemode": False},
        "policy": _policy(), "spend_order": None, "excluded": [], "blocked_mccs": [],
        "balances": {code: [str(uuid4()), *pair] for code, pair in balances.items()},
        "approved_today": "0", "cash_today": "0", "repeat": None,
    } | rest  # fmt: skip


def _facts(snapshot: dict[str, Any], board: Board) -> Facts:
    now, currency = clock.now(), snapshot["card"]["currency"]
    prices = prices_of(snapshot["balances"], board=board, currency=currency, now=now)
    return facts_of(snapshot, prices, livemode=False, ours=False)


@dataclass(frozen=True)
class Situation:
    """A customer, a market and a question."""

    snapshot: dict[str, Any]
    board: Board
    request: AuthorizationRequest
    unusable: frozenset[str]

    @property
    def facts(self) -> Facts:
        return _facts(self.snapshot, self.board)


bids = st.builds(
    lambda mantissa, exponent: plain(Decimal(mantissa).scaleb(exponent)),
    st.integers(1, 10**6),
    st.integers(-8, 1),
)
some_assets = st.sets(st.sampled_from(ASSETS), max_size=3)


def _amounts(places: int, least: int = 0) -> st.SearchStrategy[Decimal]:
    counts = st.one_of(st.integers(least, 20_000), st.integers(least, 10**9))
    return counts.map(lambda n: Decimal(n).scaleb(-places))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    currency = draw(st.sampled_from(["USD", "EUR", "JPY"]))
    places = places_of(currency)
    held_codes = draw(st.lists(st.sampled_from(ASSETS), unique=True, max_size=7))
    balances = {}
    for code in held_codes:
        unit_places = min(places_of(code), 10)
        posted = Decimal(draw(st.one_of(st.integers(0, 500), st.integers(0, 10**14)))).scaleb(
            -unit_places
        )
        held = posted * draw(st.sampled_from([0, 0, 0, 1]))
        balances[code] = (plain(posted), plain(held))
    posted = draw(_amounts(places, least=-2000))
    held = max(Decimal(0), draw(_amounts(places))) * draw(st.sampled_from([0, 0, 1]))
    balances[currency] = (plain(posted), plain(held))
    stale, halted, excluded = draw(some_assets), draw(some_assets), draw(some_assets)
    order = draw(
        st.none() | st.lists(st.sampled_from([currency, *ASSETS]), unique=True, max_size=8)
    )
    multipliers = {code: draw(st.sampled_from(["1", "2", "0.5", "1.0123456789"]))
                   for code in ("AAPLx", "SPYx")}  # fmt: skip
    board = board_of_pins(
        {code: draw(bids) for code in draw(some_assets) - {currency}},
        stale=sorted(stale),
        halted=sorted(halted),
        market_closed=sorted(draw(some_assets)),
        multipliers=multipliers,
    )
    policy = _policy(
        minimum_conversion=plain(draw(st.just(Decimal(0)) | _amounts(places))),
        fx_buffer_bps=draw(st.sampled_from([0, 0, 50, 300])),
    )
    snapshot = _snapshot(
        balances,
        currency=currency,
        policy=policy,
        spend_order=order,
        excluded=sorted(excluded),
        frozen=draw(st.integers(0, 20)) == 0,
    )
    request = _request(
        draw(_amounts(places)),
        currency=currency,
        cashback_amount=draw(st.just(Decimal(0)) | _amounts(places)),
        is_amount_controllable=draw(st.booleans()),
        mcc=draw(st.sampled_from(["5812", "5812", "5812", "6011", "7995"])),
        merchant_currency=draw(st.sampled_from(["USD", "EUR", "JPY"])),
    )
    unranked = set(ASSETS) - set(order) if order is not None else set()
    stale_card = set(ASSETS) if currency in stale else set()
    unusable = frozenset(stale | halted | excluded | unranked | stale_card | {currency})
    return Situation(snapshot, board, request, unusable)


check = settings(deadline=None, max_examples=300)


@check
@given(situations())
def test_what_is_excluded_stale_halted_or_unranked_is_neither_counted_nor_sold(
    case: Situation,
) -> None:
    facts = case.facts

    assert not case.unusable & {asset.code for asset in facts.sellables}
    assert not case.unusable & {sale.code for sale in decide(case.request, facts).sales}


@check
@given(situations())
def test_nothing_is_approved_without_coverage(case: Situation) -> None:
    facts = case.facts
    verdict = decide(case.request, facts)

    if verdict.decline is not None:
        assert [verdict.approved, verdict.hold, verdict.cash_amount] == [0, 0, 0]
        assert verdict.sales == ()
        assert not verdict.is_partial
        return
    assert 0 <= verdict.approved <= case.request.amount
    assert verdict.approved <= verdict.hold <= max(verdict.coverage, Decimal(0))
    assert verdict.is_partial == (verdict.approved < case.request.amount)
    if verdict.is_partial:
        assert case.request.is_amount_controllable
        assert verdict.approved == verdict.hold == verdict.coverage
        assert verdict.approved >= max(facts.policy.partial_minimum, case.request.cashback_amount)
    raised = sum((sale.proceeds for sale in verdict.sales), Decimal(0))
    if verdict.hold:
        assert facts.available + raised >= verdict.hold
    if verdict.hold <= facts.available:
        assert verdict.sales == ()
    there = {asset.code: asset.units for asset in facts.sellables}
    assert all(0 < sale.units <= there[sale.code] for sale in verdict.sales)


@check
@given(situations())
def test_coverage_never_counts_an_asset_beyond_its_bid(case: Situation) -> None:
    facts = case.facts
    coverage = decide(case.request, facts).coverage

    worth = sum((asset.units * asset.bid for asset in facts.sellables), Decimal(0))
    assert facts.available <= coverage <= facts.available + worth
    assert coverage == coverage.quantize(Decimal(1).scaleb(-facts.places))


@check
@given(situations())
def test_what_a_decision_stores_gives_the_same_facts_and_verdict(case: Situation) -> None:
    now, currency = clock.now(), case.snapshot["card"]["currency"]
    prices = prices_of(case.snapshot["balances"], board=case.board, currency=currency, now=now)
    stored = {code: price.stored for code, price in prices.items()}
    read = {code: AssetPrice.from_json(price) for code, price in stored.items()}

    first = facts_of(case.snapshot, prices, livemode=False, ours=False)
    again = facts_of(case.snapshot, read, livemode=False, ours=False)

    assert read == prices
    assert again == first
    assert decide(case.request, again) == decide(case.request, first)


def _shares(units: Decimal, bid: str, multiplier: str, *, closed: bool = False) -> Sellable:
    board = board_of_pins(
        {"AAPLx": bid}, multipliers={"AAPLx": multiplier},
        market_closed=["AAPLx"] if closed else [],
    )  # fmt: skip
    (sellable,) = _facts(
        _snapshot({"USD": ("0", "0"), "AAPLx": (plain(units), "0")}), board
    ).sellables
    return sellable


@settings(deadline=None)
@given(
    st.integers(1, 10**15).map(lambda n: Decimal(n).scaleb(-10)),
    st.integers(1, 10**7).map(lambda n: plain(Decimal(n).scaleb(-4))),
    st.integers(1, 10**6).map(lambda n: Decimal(n).scaleb(-5)),
    st.booleans(),
)
def test_half_the_base_units_at_twice_the_multiplier_cover_the_same(
    half: Decimal, bid: str, multiplier: Decimal, closed: bool
) -> None:
    before = _shares(half * 2, bid, plain(multiplier), closed=closed)
    after = _shares(half, bid, plain(multiplier * 2), closed=closed)

    assert after.coverage(2) == before.coverage(2)


@settings(deadline=None)
@given(
    st.integers(1, 10**13).map(lambda n: Decimal(n).scaleb(-10)),
    st.integers(1, 10**15).map(lambda n: Decimal(n).scaleb(-15)),
)
def test_a_multiplier_of_many_decimals_costs_at_most_a_cent(
    half: Decimal, multiplier: Decimal
) -> None:
    before = _shares(half * 2, "187.4321", plain(multiplier))
    after = _shares(half, "187.4321", plain(multiplier * 2))

    assert abs(after.coverage(2) - before.coverage(2)) <= Decimal("0.01")


def _order(units: dict[str, str], **rest: Any) -> list[str]:
    board = board_of_pins({"PAXG": "2000"}, **rest)
    balances = {code: (amount, "0") for code, amount in units.items()}
    return [
        asset.code for asset in _facts(_snapshot({"USD": ("0", "0")} | balances), board).sellables
    ]


def test_unranked_other_fiat_then_stablecoins_then_crypto_then_tokenized_each_by_value() -> None:
    # BTC 500, ETH 2500, PAXG 1000 USD; AAPLx 200, SPYx 500 USD.
    units = {"AAPLx": "1", "SPYx": "1", "BTC": "0.01", "ETH": "1", "PAXG": "0.5", "USDC": "1",
             "JPY": "10", "EUR": "1"}  # fmt: skip

    assert _order(units) == ["EUR", "JPY", "USDC", "ETH", "PAXG", "BTC", "SPYx", "AAPLx"]


def test_value_and_not_price_or_number_ranks_crypto() -> None:
    assert _order({"BTC": "0.01", "ETH": "0.3", "SOL": "4"}) == ["ETH", "BTC", "SOL"]
    assert _order({"BTC": "0.01", "ETH": "0.1", "SOL": "4"}) == ["BTC", "SOL", "ETH"]


def test_value_counts_the_multiplier() -> None:
    units = {"AAPLx": "1", "SPYx": "1"}

    assert _order(units) == ["SPYx", "AAPLx"]
    assert _order(units, multipliers={"AAPLx": "3"}) == ["AAPLx", "SPYx"]


def test_equal_values_are_ranked_by_code_so_that_the_order_is_always_the_same() -> None:
    assert _order({"SOL": "25", "ETH": "1", "BTC": "0.05"}) == ["BTC", "ETH", "SOL"]


def test_what_is_set_aside_or_gone_is_not_for_sale() -> None:
    snapshot = _snapshot(
        {"USD": ("0", "0"), "BTC": ("1", "0.4"), "ETH": ("1", "1"), "SOL": ("0", "0")}
    )

    (btc,) = _facts(snapshot, board_of_pins({})).sellables

    assert (btc.code, btc.units) == ("BTC", Decimal("0.6"))


def test_an_own_order_leaves_out_what_it_does_not_name() -> None:
    prices = prices_of(USUAL, board=board_of_pins({}), currency="USD", now=clock.now())
    found = sellables_of(
        dict.fromkeys(USUAL, Decimal(1)),
        prices,
        spending=Spending(order=("SOL", "USD", "BTC", "GONE", "EUR"), excluded=frozenset({"BTC"})),
        haircuts=HAIRCUTS_READ,
        currency="USD",
    )

    assert [asset.code for asset in found] == ["SOL", "EUR"]


def test_haircuts_of_every_kind_open_and_closed() -> None:
    units = {"EUR": "1", "USDC": "1", "BTC": "1", "PAXG": "1", "AAPLx": "1", "SPYx": "1"}
    snapshot = _snapshot({"USD": ("0", "0")} | {code: (n, "0") for code, n in units.items()})

    def haircuts(closed: Sequence[str]) -> dict[str, str]:
        board = board_of_pins({"PAXG": "2000"}, market_closed=closed)
        return {asset.code: plain(asset.haircut) for asset in _facts(snapshot, board).sellables}

    usual = {"EUR": "0.01", "USDC": "0.005", "BTC": "0.05", "PAXG": "0.05"}
    assert haircuts([]) == usual | {"AAPLx": "0.03", "SPYx": "0.03"}
    assert haircuts(list(units)) == usual | {"AAPLx": "0.15", "SPYx": "0.15"}


def test_the_first_reason_wins() -> None:
    policy = _policy(daily_limit="10", cash_daily_limit="10")
    facts = _facts(
        _snapshot({"USD": ("-5", "0")}, policy=policy, frozen=True, blocked_mccs=["6011"]),
        board_of_pins({}),
    )
    facts = replace(
        facts,
        livemode_matches=False,
        card_active=False,
        policy=replace(facts.policy, cash_enabled=False),
    )
    request = _request(Decimal(50), mcc="6011")
    open_policy = replace(facts.policy, cash_enabled=True)
    cures: list[tuple[Decline, dict[str, Any]]] = [
        (Decline.UNKNOWN_CARD, {"livemode_matches": True}),
        (Decline.CARD_INACTIVE, {"card_active": True}),
        (Decline.ACCOUNT_FROZEN, {"frozen": False}),
        (Decline.NEGATIVE_BALANCE, {"posted": Decimal(0)}),
        (Decline.MERCHANT_BLOCKED, {"blocked_mccs": frozenset()}),
        (Decline.CASH_NOT_ENABLED, {"policy": open_policy}),
        (
            Decline.CASH_LIMIT_EXCEEDED,
            {"policy": replace(open_policy, cash_daily_limit=Decimal(50))},
        ),
        (
            Decline.VELOCITY_LIMIT,
            {"policy": replace(open_policy, cash_daily_limit=Decimal(50), daily_limit=Decimal(50))},
        ),
        (Decline.INSUFFICIENT_FUNDS, {"posted": Decimal(50)}),
    ]
    for reason, cure in cures:
        assert decide(request, facts).decline is reason
        facts = replace(facts, **cure)
    assert decide(request, facts).decline is None


@pytest.mark.parametrize(
    ("posted", "held", "hold"),
    [("103.01", "0", "103"), ("103", "0", "103"), ("102.99", "0", "100"), ("110", "10", "100")],
)
def test_the_buffer_for_exchange_rates_is_held_only_when_covered(
    posted: str, held: str, hold: str
) -> None:
    snapshot = _snapshot({"USD": (posted, held)}, policy=_policy(fx_buffer_bps=300))
    verdict = decide(
        _request(Decimal(100), merchant_currency="EUR"), _facts(snapshot, board_of_pins({}))
    )

    assert verdict.decline is None
    assert [verdict.approved, verdict.hold] == [100, Decimal(hold)]
