"""Multipliers: two people schedule them, every process knows them at their very moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import IntegrityError
from django.db import transaction as django_transaction
from hypothesis import given
from hypothesis import strategies as st

from fx.assets import catalogue, queries, services
from fx.assets.models import Asset, Multiplier
from fx.assets.rules import (
    LEAD_TIME,
    PROPERTIES,
    Change,
    How,
    MultiplierRow,
    Standing,
    after_dividend,
    after_split,
    from_now_on,
    multiplier_at,
    standings,
)
from fx.prices import codec
from fx.prices.listing import LISTING_TRUSTED, Listing
from fx.prices.rules import EPOCH
from fx.venues.rules import HALT_MARGIN
from krak.approvals import services as approvals
from krak.approvals.models import Proposal
from krak.core.money import plain
from krak.core.transactions import transaction
from tests.boards import board_of_pins
from tests.fx.prices import simulated_board
from tests.staff import browser, staff

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
MAY_PROPOSE, MAY_APPROVE = "assets.propose_multiplier", "assets.approve_multiplier"
SPLIT = Change(how=How.SPLIT, new_shares=4, old_shares=1)
CANCEL = Change(how=How.CANCEL)


def row(multiplier, activates_at, *, number=0, cancels=False):
    return MultiplierRow(
        multiplier=Decimal(multiplier),
        activates_at=activates_at,
        created_at=NOON - DAY + number * HOUR,
        id=UUID(int=number),
        cancels=cancels,
    )


# --- Reckoning ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("1", SPLIT, "4"),
        ("1.5", Change(how=How.SPLIT, new_shares=1, old_shares=8), "0.1875"),
        ("1", Change(how=How.SPLIT, new_shares=1, old_shares=3), "0." + "3" * 18),
        ("1", Change(how=How.DIVIDEND, net_yield=Decimal("0.0042")), "1.0042"),
        ("2.5", Change(how=How.DIVIDEND, net_yield=Decimal("0.0042")), "2.5105"),
        ("7", Change(how=How.MULTIPLIER, multiplier=Decimal("1.25")), "1.25"),
        ("7", CANCEL, "7"),
    ],
)
def test_a_corporate_action_becomes_a_multiplier(before, change, after):
    assert change.after(Decimal(before)) == Decimal(after)


@given(
    st.decimals("0.000001", 1000, places=18),
    st.integers(1, 100),
    st.integers(1, 100),
    st.decimals(0, "0.2", places=6),
)
def test_what_holders_get_is_cut_by_less_than_the_last_decimal(before, new, old, net_yield):
    last = Decimal("1E-18")

    assert 0 <= before * new / old - after_split(before, new=new, old=old) < last
    assert 0 <= before * (1 + net_yield) - after_dividend(before, net_yield) < last


def test_a_cancelled_moment_changes_nothing_however_often_it_was_scheduled():
    rows = [
        row("2", NOON),
        row("3", NOON + HOUR, number=1),
        row("2", NOON + HOUR, number=2, cancels=True),
    ]

    assert multiplier_at(rows, NOON + HOUR) == 2
    assert [each.at for each in from_now_on(rows, NOON)] == [NOON]
    again = [*rows, row("5", NOON + HOUR, number=3)]
    assert multiplier_at(again, NOON + HOUR) == 5


def test_taking_back_what_a_cancelled_moment_was_reckoned_from_brings_it_not_back():
    rows = [
        row("2", NOON),
        row("3", NOON + HOUR, number=1),
        row("2", NOON + HOUR, number=2, cancels=True),
        row("1", NOON, number=3, cancels=True),
    ]

    assert multiplier_at(rows, NOON + 2 * HOUR) == 1


def test_every_row_says_what_became_of_it():
    rows = [
        row("2", NOON - 2 * HOUR),
        row("3", NOON - HOUR, number=1),
        row("4", NOON + HOUR, number=2),
        row("5", NOON + HOUR, number=3),
        row("6", NOON + 2 * HOUR, number=4),
        row("5", NOON + 2 * HOUR, number=5, cancels=True),
    ]

    assert [(standing, each.multiplier) for each, standing in standings(rows, NOON)] == [
        (Standing.CANCELLATION, 5),
        (Standing.OVERRIDDEN, 6),
        (Standing.SCHEDULED, 5),
        (Standing.OVERRIDDEN, 4),
        (Standing.IN_FORCE, 3),
        (Standing.PAST, 2),
    ]


# --- On the board ---------------------------------------------------------------------------------
ASSETS = {code: catalogue.known()[code] for code in ("USD", "BTC", "AAPLx", "SPYx")}
offsets = st.one_of(
    st.sampled_from(
        [
            base + distance * MICROSECOND
            for base in (timedelta(0), HALT_MARGIN, -HALT_MARGIN)
            for distance in (-1, 0, 1)
        ]
    ),
    st.timedeltas(-DAY, DAY),
)


@st.composite
def schedules(draw):
    """Draw rows of AAPLx: overridden, cancelled, at odd moments."""
    rows = []
    for number in range(draw(st.integers(0, 5))):
        moment = NOON + draw(st.sampled_from([-20, -8, 0, 0, 6, 30])) * HOUR
        value = draw(st.sampled_from(["1", "4", "0.125", "1.004200000000000001"]))
        rows.append(row(value, moment, number=number, cancels=draw(st.booleans())))
    return rows


def board_at(rows, now, *, read_at=None):
    listing = Listing(read_at=read_at or now, assets=ASSETS, multipliers={"AAPLx": rows})
    return simulated_board(listing, now=now)


@given(schedules(), offsets, st.lists(st.decimals("0.00000001", 10**9, places=8), min_size=1))
def test_shown_units_at_their_price_are_base_units_at_theirs_to_the_last_digit(
    rows, offset, balances
):
    now = NOON + offset
    board = board_at(rows, now)
    price, multiplier = board.prices["AAPLx"], board.multiplier("AAPLx", now)

    assert multiplier == price.multiplier == multiplier_at(rows, now)
    shown = sum(balance * multiplier * price.bid for balance in balances)
    assert shown == sum(balance * board.base_bid_in("AAPLx", "USD") for balance in balances)
    assert shown == sum(board.worth(balance, "AAPLx", "USD") for balance in balances)
    assert shown == board.worth(sum(balances), "AAPLx", "USD")


@given(schedules(), offsets)
def test_nobody_trades_within_15_minutes_of_a_change_and_everybody_outside(rows, offset):
    now = NOON + offset
    changes = [each.at for each in from_now_on(rows, EPOCH)]
    near = any(abs(now - change) <= timedelta(minutes=15) for change in changes)

    assert board_at(rows, now).may_trade("AAPLx", now) is not near
    assert board_at(rows, now).may_trade("BTC", now)


@given(schedules(), offsets, st.timedeltas(timedelta(0), 3 * DAY))
def test_an_old_board_knows_the_multiplier_of_the_moment(rows, offset, age):
    now = NOON + offset
    board = board_at(rows, now - age)

    assert board.multiplier("AAPLx", now) == multiplier_at(rows, now)
    assert codec.decode(codec.encode(board)).multiplier("AAPLx", now) == multiplier_at(rows, now)


@given(schedules(), offsets, st.timedeltas(timedelta(0), 3 * DAY))
def test_no_board_however_old_sells_with_another_multiplier_than_the_moments(rows, offset, age):
    now = NOON + offset
    # A pinned price is fresh for ever: only what the board knows of the changes can stop it.
    pinned = board_of_pins(
        {"AAPLx": "200"},
        multipliers={"AAPLx": plain(multiplier_at(rows, now - age))},
        built_at=now - age,
        activations={"AAPLx": from_now_on(rows, now - age)},
    )

    if pinned.may_trade("AAPLx", now):
        assert pinned.prices["AAPLx"].multiplier == multiplier_at(rows, now)


@pytest.mark.parametrize("age", [timedelta(minutes=1, microseconds=1), HALT_MARGIN, DAY])
def test_a_board_that_is_too_old_sells_no_share_at_all(age):
    assert not board_at([], NOON - age).may_trade("AAPLx", NOON)


def test_a_multiplier_is_known_even_where_there_is_no_price():
    rows = [row("4", NOON - HOUR)]
    board = board_of_pins({}, built_at=NOON, activations={"GMx": from_now_on(rows, NOON)})

    assert board.price("GMx") is None
    assert board.multiplier("GMx", NOON) == 4
    assert board.multiplier("NVDAx", NOON) == 1


def test_a_market_that_cannot_read_the_schedule_halts_what_may_have_one():
    read_at = NOON - LISTING_TRUSTED

    assert board_at([], NOON, read_at=read_at).may_trade("AAPLx", NOON)
    unsure = board_at([], NOON, read_at=read_at - MICROSECOND)
    assert [code for code in ASSETS if unsure.may_trade(code, NOON)] == ["USD", "BTC"]


def test_everybody_learns_of_a_change_before_its_halt_begins():
    # Decided, then on the market's list, then on a board that is still fresh: then the halt.
    for properties in PROPERTIES.values():
        if properties.has_multiplier:
            assert HALT_MARGIN + LISTING_TRUSTED + properties.max_price_age <= LEAD_TIME


# --- By two people --------------------------------------------------------------------------------
@pytest.fixture
def people(db):
    services.load_catalogue(now=NOON)
    return staff(MAY_PROPOSE), staff(MAY_APPROVE)


def propose(people, change=SPLIT, *, at=NOON + DAY, now=NOON, code="AAPLx"):
    return services.propose_multiplier(
        code=code, change=change, activates_at=at, reason="announced", by=people[0], now=now
    )


def approve(people, proposal, *, now=NOON):
    return approvals.approve(
        proposal_id=proposal.id, content_hash=proposal.content_hash, by=people[1],
        note="as announced", now=now,
    )  # fmt: skip


def in_force(at, code="AAPLx"):
    return multiplier_at(queries.multiplier_rows(codes=[code]).get(code, []), at)


def test_a_split_is_one_row_once_two_people_agree(people):
    proposal = propose(people)
    assert Multiplier.objects.count() == 0

    approved = approve(people, proposal, now=NOON + HOUR)

    kept = Multiplier.objects.get()
    assert (kept.multiplier, kept.activates_at) == (4, NOON + DAY)
    assert (kept.created_at, kept.proposal) == (NOON + HOUR, approved)
    assert approved.outcome == f"assets.multiplier:{kept.pk}"
    assert (in_force(NOON + DAY - MICROSECOND), in_force(NOON + DAY)) == (1, 4)


def test_actions_follow_on_each_other_in_time_order(people):
    approve(people, propose(people, SPLIT))
    dividend = Change(how=How.DIVIDEND, net_yield=Decimal("0.005"))
    approve(people, propose(people, dividend, at=NOON + 2 * DAY))

    assert in_force(NOON + 2 * DAY) == Decimal("4.02")
    with pytest.raises(services.MultiplierOutOfOrder):
        propose(people, SPLIT, at=NOON + HOUR)


def test_what_is_scheduled_can_be_overridden_and_cancelled_and_all_is_kept(people):
    approve(people, propose(people, SPLIT))
    override = Change(how=How.MULTIPLIER, multiplier=Decimal(5))
    approve(people, propose(people, override, now=NOON + HOUR), now=NOON + HOUR)
    assert in_force(NOON + DAY) == 5

    approve(people, propose(people, CANCEL, now=NOON + 2 * HOUR), now=NOON + 2 * HOUR)

    assert in_force(NOON + DAY) == 1
    rows = queries.multiplier_rows()["AAPLx"]
    assert [(each.multiplier, each.cancels) for each in rows] == [(4, False), (5, False), (1, True)]
    with pytest.raises(services.NothingScheduled):
        propose(people, CANCEL, now=NOON + 3 * HOUR)


def test_what_was_reckoned_from_something_else_is_refused(people):
    dividend = Change(how=How.DIVIDEND, net_yield=Decimal("0.005"))
    first = propose(people, SPLIT)
    second = propose(people, dividend)
    third = propose(people, dividend, at=NOON + 2 * DAY)
    approve(people, first)

    for each in (second, third):
        with pytest.raises(services.MultiplierOvertaken):
            approve(people, each)
    assert Multiplier.objects.count() == 1


def test_an_approval_that_comes_too_late_is_refused(people):
    proposal = propose(people)

    with pytest.raises(services.MultiplierTooSoon):
        approve(people, proposal, now=NOON + DAY - LEAD_TIME + MICROSECOND)
    approve(people, proposal, now=NOON + DAY - LEAD_TIME)


def test_two_people_are_not_one(people):
    both = staff(MAY_PROPOSE, MAY_APPROVE)
    with pytest.raises(approvals.OwnProposal):
        approve((both, both), propose((both, both)))
    with pytest.raises(approvals.NotAllowed):
        propose((staff(MAY_APPROVE), people[1]))


def test_the_database_refuses_a_multiplier_that_was_not_scheduled_ahead(people):
    asset = Asset.objects.get(code="AAPLx")
    late = {"asset": asset, "multiplier": 2, "activates_at": NOON + LEAD_TIME}
    with (
        pytest.raises(IntegrityError, match="a_multiplier_is_scheduled_ahead"),
        django_transaction.atomic(),
    ):
        Multiplier.objects.create(**late, created_at=NOON + MICROSECOND)
    Multiplier.objects.create(**late, created_at=NOON)


# --- In the back office ---------------------------------------------------------------------------
pages = pytest.mark.filterwarnings("ignore:Overriding get_action_choices")


def _asset_page(action="change", code="AAPLx"):
    return f"/admin/assets/asset/{Asset.objects.get(code=code).pk}/{action}/"


@pages
def test_staff_propose_and_approve_a_split_in_the_back_office(people):
    moment = datetime.now(UTC).replace(microsecond=0) + DAY
    view = "assets.view_asset", "approvals.view_proposal"
    maker, checker = browser(staff(MAY_PROPOSE, *view)), browser(staff(MAY_APPROVE, *view))
    form = {
        "how": "split", "new_shares": "10", "old_shares": "1", "reason": "announced today",
        "activates_at": f"{moment:%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip

    assert maker.get(_asset_page("propose")).status_code == 200
    assert maker.post(_asset_page("propose"), form)["Location"] == _asset_page()
    proposal = Proposal.objects.get()
    page = f"/admin/approvals/proposal/{proposal.pk}/"
    assert page in maker.get(_asset_page()).content.decode()
    words = checker.get(f"{page}decide/").content.decode()
    for said in ("AAPLx, Apple", "split, 10 for 1", "from 1 to 10", f"{moment:%Y-%m-%d %H:%M:%S}"):
        assert said in words, said
    decision = {"content_hash": proposal.content_hash, "note": "checked", "approve": "1"}
    assert maker.post(f"{page}decide/", decision).status_code == 403
    assert checker.post(f"{page}decide/", decision).status_code == 302

    assert (in_force(moment - MICROSECOND), in_force(moment)) == (1, 10)
    history = checker.get(_asset_page()).content.decode()
    assert "SCHEDULED" in history
    assert proposal.shown_id in history


@pages
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"how": "split", "new_shares": ""}, "This is needed."),
        ({"how": "dividend"}, "This is needed."),
        ({"how": "multiplier"}, "This is needed."),
        ({"how": "multiplier", "multiplier": "0"}, "A multiplier is positive"),
        ({"how": "cancel"}, "No change is scheduled for that moment."),
        ({"activates_at": "2026-01-01 00:00:00"}, "30 minutes ahead at the latest"),
        ({"reason": "   "}, "This field is required."),
    ],
)
def test_a_proposal_that_cannot_be_is_refused_on_the_page(people, change, said):
    moment = datetime.now(UTC) + DAY
    window = browser(staff(MAY_PROPOSE, "assets.view_asset"))
    form = {
        "how": "split", "new_shares": "2", "old_shares": "1", "reason": "because",
        "activates_at": f"{moment:%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip

    answer = window.post(_asset_page("propose"), form | change)

    assert said in answer.content.decode()
    assert Proposal.objects.count() == 0


@pages
def test_who_may_not_propose_cannot_and_a_coin_has_nothing_to_propose(people):
    assert browser(staff("assets.view_asset")).get(_asset_page("propose")).status_code == 403
    window = browser(staff(MAY_PROPOSE, "assets.view_asset"))
    assert window.get(_asset_page("propose", code="BTC")).status_code == 403
    assert "Multipliers" not in window.get(_asset_page(code="BTC")).content.decode()


def test_scheduling_without_people_is_for_services_only(people):
    with transaction():
        services.schedule_multiplier(
            code="AAPLx", multiplier=Decimal(2), activates_at=NOON + DAY, now=NOON
        )

    assert Multiplier.objects.get().proposal is None
