"""An asset is taken out: announced, sold and spent for a while, then cash at the last price."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from fx.assets import directory, queries, services
from fx.assets.models import Asset, Delisting
from fx.assets.rules import DELISTING_NOTICE, DELISTING_REMINDER, Kind, Status
from fx.prices import live
from fx.quotes import queries as pricing
from fx.quotes.models import Quote
from holdings.ledger import queries as ledger
from holdings.trading import tasks
from holdings.trading.models import Order, Trade
from holdings.trading.services import delisting as delistings
from krak.approvals import services as approvals
from krak.approvals.models import Proposal
from krak.cases.models import Case
from krak.core import clock
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction as unit_of_work
from krak.customers.models import User
from krak.notifications.kinds import word
from tests.people import Known, new_customer
from tests.staff import browser, staff
from tests.trading.conftest import told
from tests.trading.orders import BUY, SELL, balance, placed
from tests.trading.test_quotes import ask, refusal, set_status
from tests.trading.test_recurring import started
from tests.trading.test_trades import books_hold

pytestmark = pytest.mark.django_db

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def maker(market: Any) -> User:
    """Return who proposes; bitcoin is listed, as the sandbox's catalogue has it."""
    for code in ("BTC", "USD"):
        set_status(code, Status.ACTIVE)
    return staff("assets.propose_delisting")


def agree(proposal: Proposal, *, now: datetime) -> None:
    approvals.approve(
        proposal_id=proposal.id, content_hash=proposal.content_hash,
        by=staff("assets.approve_delisting"), note="as the issuer says", now=now,
    )  # fmt: skip


def announce(maker: User, *, now: datetime, code: str = "BTC") -> Delisting:
    """Announce that a coin becomes cash as soon as may be, and tell everybody."""
    proposal = services.propose_delisting(
        code=code, converts_at=now + DELISTING_NOTICE, reason="withdrawn", by=maker, now=now
    )
    agree(proposal, now=now)
    tell_everybody(now=now)
    return Delisting.objects.get(asset__code=code, called_off_at=None)


def tell_everybody(*, now: datetime) -> int:
    """Work off what was promised of delistings; return in how many steps."""
    steps = 0
    handlers: dict[str, Callable[..., None]] = {
        services.ANNOUNCED: tasks.tell_of_delisting,
        services.NEAR: tasks.tell_that_it_is_near,
        services.CALLED_OFF: tasks.tell_that_it_stays,
    }
    waiting = OutboxMessage.objects.filter(topic__in=handlers, done_at=None)
    while message := waiting.order_by("id").first():
        with unit_of_work():
            handlers[message.topic](payload=message.payload, now=now)
            OutboxMessage.objects.filter(id=message.id).update(done_at=now)
        steps += 1
    return steps


def convert(now: datetime) -> int:
    return delistings.convert_what_is_left(board=live.current(), now=now)


def test_from_the_announcement_to_the_last_cent(maker: User, market: Any, ada: Known) -> None:
    now = clock.now()
    found = announce(maker, now=now)

    assert refusal(ask(ada, "USD", "BTC", sell_amount="10")) == (422, "quotes.delisting")
    assert ask(ada, "BTC", "USD", sell_amount="0.01").status_code == 201
    [(kind, facts)] = told(ada)
    assert (kind, facts["delists_at"]) == ("asset.delisting", found.converts_at.isoformat())
    assert f"until {found.converts_at.day} " in word(kind, facts).text

    assert convert(found.converts_at - MICROSECOND) == 0
    assert convert(found.converts_at) == 1
    assert convert(found.converts_at) == 0

    # The middle of 49,975 and 50,025 for a tenth, and nobody earned anything.
    assert balance(ada, "BTC") == (0, 0)
    assert balance(ada, "USD") == (6000, 0)
    quote = Quote.objects.get(source="DELISTING")
    assert (quote.fee, quote.spread, quote.buy_units) == (0, 0, 5000)
    trade = Trade.objects.get(quote=quote)
    assert (trade.gain, trade.gain_currency) == (5000, "USD")
    assert told(ada)[-1] == (
        "asset.converted",
        {"asset": "BTC", "quantity": "0.1", "amount": {"amount": "5000.00", "currency": "USD"}},
    )
    found.refresh_from_db()
    assert (found.price_usd, found.asset.status) == (50000, Status.DELISTED)
    assert refusal(ask(ada, "BTC", "USD", sell_amount="0.01")) == (422, "quotes.halted")
    books_hold(ada)


def test_the_last_price_stays_the_last_whatever_a_board_says_later(
    maker: User, market: Any, ada: Known
) -> None:
    found = announce(maker, now=clock.now())
    convert(found.converts_at)
    late = new_customer(holdings={"BTC": "1"})
    market({"BTC": "10"}, ask={"BTC": "11"})

    assert convert(found.converts_at + timedelta(days=90)) == 1

    assert balance(late, "USD") == (50000, 0)


def test_a_split_after_the_last_price_changes_nothing_of_what_is_paid(
    maker: User, market: Any
) -> None:
    """A share that comes back from a transfer days later is worth what the others were."""
    services.load_catalogue(now=clock.now())
    directory.forget()
    market({"AAPLx": "200"}, ask={"AAPLx": "200"})
    early = new_customer(holdings={"AAPLx": "3"})
    found = announce(maker, now=clock.now(), code="AAPLx")
    assert convert(found.converts_at) == 1
    late = new_customer(holdings={"AAPLx": "3"})
    with unit_of_work():
        services.schedule_multiplier(
            code="AAPLx", multiplier=Decimal(2), activates_at=found.converts_at + timedelta(days=1),
            now=found.converts_at,
        )  # fmt: skip

    assert convert(found.converts_at + timedelta(days=2)) == 1

    assert balance(late, "USD") == balance(early, "USD") == (600, 0)


def test_it_becomes_the_money_that_its_owner_is_at_home_in(maker: User, market: Any) -> None:
    known = new_customer(holdings={"BTC": "0.00003"})
    known.customer.home_currency = "EUR"
    known.customer.save()
    found = announce(maker, now=clock.now())

    convert(found.converts_at)

    # 1.50 USD at 1.1003 USD for a euro.
    assert balance(known, "EUR") == (Decimal("1.36"), 0)


def test_what_is_worth_less_than_a_cent_is_left(maker: User, market: Any) -> None:
    known = new_customer(holdings={"BTC": "0.0000001"})
    found = announce(maker, now=clock.now())

    assert convert(found.converts_at) == 0

    assert balance(known, "BTC") == (Decimal("0.0000001"), 0)


def test_what_was_to_buy_it_is_canceled_at_once_and_what_sells_it_at_the_end(
    maker: User, market: Any, ada: Known
) -> None:
    buys, sells, plan = placed(ada, BUY), placed(ada, SELL), started(ada)
    found = announce(maker, now=clock.now())

    for each in (buys, sells, plan):
        each.refresh_from_db()
    assert (buys.cancel_reason, sells.cancel_reason) == ("quotes.delisting", "")
    assert plan.canceled_at is not None
    assert [kind for kind, _facts in told(ada)] == [
        "order.canceled", "recurring_buy.canceled", "asset.delisting",
    ]  # fmt: skip
    assert balance(ada, "USD") == (1000, 0)

    convert(found.converts_at)

    sells.refresh_from_db()
    assert sells.cancel_reason == "quotes.delisting"
    assert balance(ada, "BTC") == (0, 0)
    assert not Order.objects.filter(trade=None, canceled_at=None).exists()


def test_who_only_meant_to_buy_is_told_too(maker: User, market: Any) -> None:
    known = new_customer(cash="1000", country="BR")
    placed(known, BUY)

    announce(maker, now=clock.now())

    assert [kind for kind, _facts in told(known)] == ["order.canceled", "asset.delisting"]


def test_everybody_is_told_once_however_many_they_are(
    maker: User, market: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delistings, "TOLD_AT_ONCE", 2)
    people = [new_customer(holdings={"BTC": "1"}) for _ in range(5)]
    now = clock.now()
    proposal = services.propose_delisting(
        code="BTC", converts_at=now + DELISTING_NOTICE, reason="withdrawn", by=maker, now=now
    )
    agree(proposal, now=now)

    assert tell_everybody(now=clock.now()) >= 4
    assert all(len(told(known)) == 1 for known in people)


def test_who_got_it_after_the_announcement_is_told_before_it_becomes_cash(
    maker: User, market: Any, ada: Known
) -> None:
    found = announce(maker, now=clock.now())
    late = new_customer(holdings={"BTC": "1"})
    near = found.converts_at - DELISTING_REMINDER

    def remind(now: datetime) -> int:
        services.remind_of_delistings(now=now)
        return tell_everybody(now=now)

    assert remind(near - MICROSECOND) == 0
    assert remind(near) > 0
    assert remind(near) == 0

    assert [kind for kind, _facts in told(ada)] == ["asset.delisting", "asset.delisting_near"]
    [(kind, facts)] = told(late)
    assert (kind, facts["delists_at"]) == ("asset.delisting_near", found.converts_at.isoformat())
    assert word(kind, facts).text.startswith("Your BTC becomes cash")


def test_the_database_lets_holders_be_reminded_once(maker: User, market: Any) -> None:
    now = clock.now()
    found = announce(maker, now=now)
    services.remind_of_delistings(now=found.converts_at - DELISTING_REMINDER)

    for moment in (now, None):
        with pytest.raises(DatabaseError, match="reminded once"), transaction.atomic():
            Delisting.objects.filter(id=found.id).update(reminded_at=moment)


def test_nobody_is_reminded_of_what_was_called_off_or_is_over(
    maker: User, market: Any, ada: Known
) -> None:
    now = clock.now()
    found = announce(maker, now=now)
    services.remind_of_delistings(now=found.converts_at)
    assert tell_everybody(now=now) == 0

    services.remind_of_delistings(now=found.converts_at - MICROSECOND)
    agree(services.propose_calling_off(code="BTC", reason="error", by=maker, now=now), now=now)
    tell_everybody(now=now)

    assert [kind for kind, _facts in told(ada)] == ["asset.delisting", "asset.stays"]


def test_it_is_called_off_by_two_people_until_its_moment(
    maker: User, market: Any, ada: Known
) -> None:
    now = clock.now()
    found = announce(maker, now=now)
    with pytest.raises(services.NotBeingDelisted):
        services.propose_calling_off(code="BTC", reason="too late", by=maker, now=found.converts_at)

    agree(services.propose_calling_off(code="BTC", reason="error", by=maker, now=now), now=now)
    tell_everybody(now=now)

    assert [kind for kind, _facts in told(ada)] == ["asset.delisting", "asset.stays"]
    assert ask(ada, "USD", "BTC", sell_amount="10").status_code == 201
    assert convert(found.converts_at) == 0
    again = announce(maker, now=now + timedelta(days=1))
    assert again.pk != found.pk


def test_who_would_be_told_of_what_was_called_off_meanwhile_is_not(
    maker: User, market: Any, ada: Known
) -> None:
    now = clock.now()
    proposal = services.propose_delisting(
        code="BTC", converts_at=now + DELISTING_NOTICE, reason="withdrawn", by=maker, now=now
    )
    agree(proposal, now=now)
    agree(services.propose_calling_off(code="BTC", reason="error", by=maker, now=now), now=now)

    tell_everybody(now=now)

    assert [kind for kind, _facts in told(ada)] == ["asset.stays"]


def test_what_cannot_be_delisted_is_refused(maker: User, market: Any) -> None:
    now = clock.now()

    def propose(code: str, *, after: timedelta = DELISTING_NOTICE) -> Proposal:
        return services.propose_delisting(
            code=code, converts_at=now + after, reason="withdrawn", by=maker, now=now
        )

    with pytest.raises(services.NoticeTooShort):
        propose("BTC", after=DELISTING_NOTICE - MICROSECOND)
    with pytest.raises(queries.UnknownAsset):
        propose("btc")
    Asset.objects.filter(code="USD").update(kind=Kind.FIAT.value)
    with pytest.raises(services.CashIsNotDelisted):
        propose("USD")
    set_status("BTC", Status.HALTED)
    with pytest.raises(services.NotListed):
        propose("BTC")
    with pytest.raises(services.NotBeingDelisted):
        services.propose_calling_off(code="BTC", reason="error", by=maker, now=now)


def test_without_any_price_it_waits_and_is_a_case(maker: User, market: Any, ada: Known) -> None:
    found = announce(maker, now=clock.now())
    board = live.current()
    bare = type(board)(
        version=board.version, built_at=board.built_at,
        prices={code: price for code, price in board.prices.items() if code != "BTC"},
    )  # fmt: skip

    assert delistings.convert_what_is_left(board=bare, now=found.converts_at) == 0

    assert Case.objects.get(kind="DELISTING_WITHOUT_PRICE").subject == "BTC"
    assert convert(found.converts_at) == 1


def test_it_counts_towards_no_limit_and_a_freeze_does_not_stop_it(
    maker: User, market: Any, ada: Known
) -> None:
    found = announce(maker, now=clock.now())
    ada.customer.frozen_at = clock.now()
    ada.customer.save()

    convert(found.converts_at)

    assert balance(ada, "BTC") == (0, 0)
    since = found.converts_at - timedelta(days=1)
    assert pricing.converted_since(since, customer_id=ada.customer.id) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE assets_delisting SET converts_at = converts_at + interval '1 day'",
        "UPDATE assets_delisting SET called_off_at = now()",
        "DELETE FROM assets_delisting",
        "TRUNCATE assets_delisting",
    ],
)
def test_what_was_announced_stays_and_what_has_ended_is_over(
    maker: User, market: Any, statement: str
) -> None:
    found = announce(maker, now=clock.now())
    convert(found.converts_at)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_gives_holders_their_notice(maker: User, market: Any) -> None:
    found = announce(maker, now=clock.now())

    with pytest.raises(IntegrityError), transaction.atomic():
        Delisting.objects.filter(pk=found.pk).update(
            price_usd=1, price_as_of=found.announced_at, priced_at=found.announced_at
        )


def test_the_app_sees_when_and_staff_propose_it_in_the_admin(
    maker: User, market: Any, ada: Known
) -> None:
    asset = Asset.objects.get(code="BTC")
    maker = staff("assets.propose_delisting", "assets.view_asset", "approvals.view_proposal")
    at = clock.now() + DELISTING_NOTICE + timedelta(hours=1)
    page = f"/admin/assets/asset/{asset.pk}"

    shown = browser(maker).get(f"{page}/delist/")
    assert "Delist BTC" in shown.content.decode()
    sent = browser(maker).post(
        f"{page}/delist/",
        {"converts_at": f"{at:%Y-%m-%d %H:%M:%S}", "reason": "the issuer stops", "propose": "1"},
    )
    assert sent.status_code == 302, sent.content
    agree(Proposal.objects.get(), now=clock.now())

    history = browser(maker).get(f"{page}/change/").content.decode()
    assert "Delistings" in history
    assert "call the delisting off" in history
    directory.forget()
    body = ada.get("/v1/assets/BTC").json()
    assert (body["status"], body["delists_at"]) == ("delisting", f"{at:%Y-%m-%dT%H:%M:%S}Z")
    assert ledger.balances(customer_id=ada.customer.id)["BTC"].posted == Decimal("0.1")
