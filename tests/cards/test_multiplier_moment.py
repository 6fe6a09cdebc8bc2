"""A split passes: what was owned, shown, counted, sold and explained before, at and after it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards.authorizations.models import Authorization, Decision
from cards.authorizations.rules.explanation import worths_of
from cards.authorizations.rules.replay import replay
from cards.authorizations.services.previews import Preview, Tap, preview
from fx.assets.rules import Activation
from fx.prices import live
from fx.prices.rules import Board
from holdings.ledger import queries as ledger
from holdings.ledger.models import LedgerAccount, Posting
from holdings.lots import queries as lots
from holdings.lots.models import Disposal
from krak.core import clock
from krak.core.outbox import services as outbox
from tests.boards import board_of_pins
from tests.people import Known, new_customer
from tests.stripe_door import StripeDoor, answer_of

pytestmark = pytest.mark.django_db

MARGIN = timedelta(minutes=15)
MICROSECOND = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def split_board(now: datetime, moment: datetime, *, behind: timedelta = SECOND) -> Board:
    """Return the board of `behind` ago: 4 shares for 1 at `moment`, 200 dollars before, 50 after.

    Prices are pinned, so that they are fresh at any moment.
    """
    built_at = now - behind
    multiplier, bid = ("4", "50") if built_at >= moment else ("1", "200")
    return board_of_pins(
        {"AAPLx": bid},
        multipliers={"AAPLx": multiplier},
        built_at=built_at,
        activations={"AAPLx": (Activation(moment, Decimal(4)),)},
    )


@pytest.fixture
def holder(pinned: Any) -> Known:
    """Return a customer who bought 10 shares and has a dollar."""
    pinned({"AAPLx": "200"})
    return new_customer(cash="1", holdings={"AAPLx": "10"})


def asked(known: Known, board: Board, *, now: datetime, amount: str = "101") -> Preview:
    tap = Tap(
        amount=Decimal(amount), mcc="5812", merchant_country="US", merchant_currency="USD",
        is_online=False, cash_back=Decimal(0), takes_part=False,
    )  # fmt: skip
    with live.installed(board):
        return preview(card_stripe_id=known.card.stripe_id, tap=tap, now=now)


def wallet(known: Known, board: Board, *, now: datetime) -> Any:
    wallets = ledger.wallets(customer_id=known.customer.id, currency="USD", board=board, now=now)
    return next(each for each in wallets if each.balance.currency == "AAPLx")


@pytest.mark.parametrize(
    ("offset", "sells", "shown"),
    [
        (-DAY, "0.5", "10"),
        (-MARGIN - MICROSECOND, "0.5", "10"),
        (-MARGIN, "", "10"),
        (-SECOND, "", "10"),
        (-MICROSECOND, "", "10"),
        (0 * SECOND, "", "40"),
        (MICROSECOND, "", "40"),
        (SECOND, "", "40"),
        (MARGIN, "", "40"),
        (MARGIN + MICROSECOND, "0.5", "40"),
        (DAY, "0.5", "40"),
    ],
)
def test_a_share_is_shown_and_sold_right_around_the_moment(
    holder: Known, offset: timedelta, sells: str, shown: str
) -> None:
    moment = clock.now() + DAY
    now = moment + offset
    board = split_board(now, moment)

    would = asked(holder, board, now=now)
    owned = wallet(holder, board, now=now)

    assert [sale["units"] for sale in would.sales] == ([sells] if sells else [])
    assert (would.verdict.decline is None) is bool(sells)
    assert would.verdict.coverage == (Decimal("1941.00") if sells else 1)
    assert owned.posted.amount == Decimal(shown)
    assert owned.multiplier == Decimal(shown) / 10
    assert owned.value.amount == 2000
    worth = worths_of(would.inputs, currency="USD")[1]
    assert worth.units.amount == Decimal(shown)
    assert worth.multiplier == (owned.multiplier if sells or shown == "40" else None)


@pytest.mark.parametrize("behind", [SECOND, MARGIN, 2 * MARGIN + SECOND, DAY, 3 * DAY])
@pytest.mark.parametrize("after", [0 * SECOND, MICROSECOND, MARGIN, MARGIN + MICROSECOND, DAY])
def test_a_board_from_before_the_split_sells_nothing_after_it(
    holder: Known, after: timedelta, behind: timedelta
) -> None:
    moment = clock.now() + DAY
    now = moment + after
    board = split_board(now, moment, behind=max(behind, after + MICROSECOND))

    would = asked(holder, board, now=now)

    assert would.verdict.sales == ()
    assert would.verdict.coverage == 1
    assert wallet(holder, board, now=now).posted.amount == 40


def test_a_purchase_is_asked_before_a_split_and_captured_after(
    holder: Known, stripe_door: StripeDoor
) -> None:
    door = stripe_door.for_card(holder.card.stripe_id)
    now = clock.now()
    with live.installed(split_board(now, now + DAY)):
        assert answer_of(door.request(101_00))["approved"] is True
    decision = Decision.objects.get(customer=holder.customer)
    explained_before = _explained(holder, split_board(now, now + DAY))

    with live.installed(split_board(now, now - DAY)):
        door.transaction(151_00, transaction="t1", kind="capture")
        outbox.drain(now=clock.now())

    # 100 dollars were half a share at the tap; 50 more were a whole one after the split.
    assert lots.units_in_lots(customer_id=holder.customer.id) == {"AAPLx": Decimal("9.25")}
    sold = Disposal.objects.filter(customer=holder.customer).order_by("disposed_at")
    assert [(each.units, each.proceeds, each.gain) for each in sold] == [
        (Decimal("0.5"), 100, 100),
        (Decimal("0.25"), 50, 50),
    ]
    after = split_board(now, now - DAY)
    assert wallet(holder, after, now=now).posted.amount == 37
    assert ledger.breaks(customer_id=holder.customer.id) == []
    # The tap is explained as it was, today and for ever.
    explained_after = _explained(holder, after)
    assert explained_after["decisions"] == explained_before["decisions"]
    (sale,) = explained_after["decisions"][0]["sales"]
    assert sale["units"] == {"amount": "0.5", "currency": "AAPLx"}
    assert (sale["bid"], sale["multiplier"]) == ("200", "1")
    with live.installed(after):
        verdict = replay(request=decision.request, inputs=decision.inputs)
    assert [sale.units for sale in verdict.sales] == [Decimal("0.5")]


def _explained(known: Known, board: Board) -> Any:
    authorization = Authorization.objects.get(customer=known.customer)
    with live.installed(board):
        return known.get(f"/v1/authorizations/{authorization.shown_id}").json()


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_tap_within_the_halt_is_refused_and_says_what_there_was(
    holder: Known, stripe_door: StripeDoor, minutes: int
) -> None:
    door = stripe_door.for_card(holder.card.stripe_id)
    now = clock.now()
    board = split_board(now, now - minutes * timedelta(minutes=1))
    with live.installed(board):
        answer = answer_of(door.request(101_00))
        # What must be taken is taken, and nothing is sold for it.
        door.transaction(5_00, transaction="t1", kind="capture", authorization=None)
        outbox.drain(now=clock.now())

    assert answer["metadata"]["decline_reason"] == "insufficient_funds"
    assert not Disposal.objects.filter(customer=holder.customer).exists()
    # A dollar, less five, and five cents of reward.
    assert ledger.balances(customer_id=holder.customer.id)["USD"].posted == Decimal("-3.95")
    explained = next(
        each
        for each in _explained(holder, board)["decisions"][0]["holdings"]
        if each["units"]["currency"] == "AAPLx"
    )
    assert explained["units"]["amount"] == ("40" if minutes > 0 else "10")
    assert explained["multiplier"] == ("4" if minutes > 0 else None)
    assert explained["left_out"] == "no_usable_price"
    assert explained["counted"]["amount"] == "0.00"


def test_decisions_from_before_multipliers_were_kept_read_as_they_did(
    holder: Known, stripe_door: StripeDoor
) -> None:
    now = clock.now()
    with live.installed(split_board(now, now - DAY)):
        stripe_door.for_card(holder.card.stripe_id).request(101_00)
    inputs = Decision.objects.get(customer=holder.customer).inputs
    kept = worths_of(inputs, currency="USD")
    assert inputs.pop("multipliers") == {"AAPLx": "4"}

    assert worths_of(inputs, currency="USD") == kept
    assert kept[1].units.amount == 40


def test_the_api_shows_units_with_the_multiplier_beside_them(holder: Known) -> None:
    now = clock.now()
    for board, amount, multiplier in (
        (split_board(now, now + DAY), "10", "1"),
        (split_board(now, now - DAY), "40", "4"),
    ):
        with live.installed(board):
            wallets = holder.get("/v1/balances").json()["results"]

        assert [(each["currency"], each["multiplier"]) for each in wallets] == [
            ("AAPLx", multiplier),
            ("USD", None),
        ]
        assert wallets[0]["posted"] == {"amount": amount, "currency": "AAPLx"}
        assert wallets[0]["value"] == {"amount": "2000.00", "currency": "USD"}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(["0.125", "0.333333333333333333", "1", "1.004200000000000001", "4"]),
        min_size=1,
        max_size=4,
    )
)
def test_no_schedule_of_multipliers_ever_moves_a_base_unit(
    holder: Known, multipliers: list[str]
) -> None:
    start = clock.now() + DAY
    rows = tuple(
        Activation(start + number * DAY, Decimal(multiplier))
        for number, multiplier in enumerate(multipliers)
    )
    account = LedgerAccount.objects.get(customer=holder.customer, currency="AAPLx")
    before = list(Posting.objects.filter(account=account).values_list())
    board = board_of_pins({"AAPLx": "200"}, built_at=start - DAY, activations={"AAPLx": rows})

    for each in rows:
        for distance in (-MICROSECOND, 0 * SECOND, MICROSECOND):
            now = each.at + distance
            owned = wallet(holder, board, now=now)
            # Shown units are exact, so that nothing is lost by showing them and coming back.
            assert owned.posted.amount == 10 * board.multiplier("AAPLx", now)
            assert owned.value.amount == 2000
    assert list(Posting.objects.filter(account=account).values_list()) == before
    account.refresh_from_db()
    assert account.posted == 10
    assert lots.units_in_lots(customer_id=holder.customer.id) == {"AAPLx": 10}
