"""What staff see, what nobody else sees, and what nobody changes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cards.authorizations.models import Authorization, Decision, StrayRequest
from cards.cashback.models import Grant
from cards.clearing.models import CardTransaction
from cards.issuing import services as issuing
from cards.issuing.models import Card, Cardholder, Policy
from fx.assets.models import Asset
from holdings.ledger.models import Hold, JournalEntry, LedgerAccount
from krak.approvals.models import Proposal
from krak.cases import services as cases
from krak.cases.models import Case
from krak.core import clock
from krak.core.admin import shown
from krak.core.audit.models import RowChange
from krak.core.ids import show
from krak.core.inbox.models import InboxEvent
from krak.core.outbox.models import OutboxMessage
from krak.core.transactions import transaction
from krak.customers.models import Customer, User
from krak.customers.services import tags
from tests.cards.scenarios import Play, scenario
from tests.staff import browser
from tests.staff import staff as staff_with

pytestmark = [
    pytest.mark.django_db,
    # unfold 0.110 has yet to follow Django 6.1 here.
    pytest.mark.filterwarnings("ignore:Overriding get_action_choices"),
]

PAGE_QUERIES = 30
LIST_QUERIES = 10
TABLES: list[Any] = [
    Asset, Authorization, Card, CardTransaction, Customer, Decision, Grant, Hold, InboxEvent,
    JournalEntry, LedgerAccount, OutboxMessage, Policy, Proposal, RowChange, StrayRequest, User,
]  # fmt: skip
READ_ONLY = [table for table in TABLES if table is not Policy]
XSS = "<script>alert(1)</script>"


@pytest.fixture
def staff() -> Client:
    """Return the browser of a member of staff with every right."""
    client = Client()
    client.force_login(User.objects.create_superuser("boss@krak.example", "sandbox-staff"))
    return client


@pytest.fixture
def play(pinned: Any) -> Play:
    """Return a customer of 100 dollars who bought for 60, asked for 10, and was refused."""
    played = Play(scenario("A01"), Client(), pinned)
    played.request(6000, authorization="a1")
    played.capture(6000, authorization="a1", transaction="t1")
    played.request(1000, authorization="a2")
    played.request(1000, authorization="a3", mcc="7995")
    StrayRequest.objects.create(
        stripe_id="iauth_stray", step=0, card_stripe_id="ic_x", reason="unknown_card",
        request={"note": XSS}, answer={},
    )  # fmt: skip
    return played


def list_of(table: Any) -> str:
    return reverse(f"admin:{table._meta.label_lower.replace('.', '_')}_changelist")


def page_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])


def test_staff_read_every_list_and_every_page_with_few_queries(staff: Client, play: Play) -> None:
    staff.get("/admin/")
    for table in TABLES:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert staff.get(list_of(table)).status_code == 200, table
        assert len(asked) <= LIST_QUERIES, table
        for row in table.objects.order_by("pk")[:20]:
            with CaptureQueriesContext(connection) as asked:
                assert staff.get(page_of(row)).status_code == 200, row
            assert len(asked) <= PAGE_QUERIES, row


def test_more_rows_cost_no_more_queries(staff: Client, play: Play) -> None:
    page = page_of(play.customer)
    staff.get(page)
    with CaptureQueriesContext(connection) as before:
        staff.get(page)
    for number in range(3):
        play.request(100, authorization=f"more{number}")
    with CaptureQueriesContext(connection) as after:
        staff.get(page)

    assert len(after) == len(before)


def test_the_customers_page_shows_what_all_features_know(staff: Client, play: Play) -> None:
    text = staff.get(page_of(play.customer)).content.decode()

    authorizations = Authorization.objects.filter(customer=play.customer)
    linked = [
        play.customer.user, play.card, *authorizations,
        *Hold.objects.filter(customer=play.customer, amount__gt=0),
        *JournalEntry.objects.filter(customer=play.customer),
        *Decision.objects.filter(customer=play.customer),
        *Grant.objects.filter(customer=play.customer),
    ]  # fmt: skip
    assert len(authorizations) == 3
    for row in linked:
        assert page_of(row) in text, row
    assert "merchant blocked" in text


def test_a_purchases_page_shows_what_became_of_the_tap(staff: Client, play: Play) -> None:
    bought = Authorization.objects.get(stripe_id=play.door.id("a1"))

    text = staff.get(page_of(bought)).content.decode()

    transaction = CardTransaction.objects.get(authorization=bought)
    rows = [*bought.decisions.all(), transaction, transaction.entry, *Grant.objects.all()]
    for row in rows:
        assert page_of(row) in text, row
    assert "60.00 USD" in text


KEYS: dict[str, Callable[[Play], str]] = {
    "shown id": lambda p: p.customer.shown_id,
    "uuid": lambda p: str(p.customer.pk),
    "e-mail": lambda p: p.customer.user.email,
    "part of the name": lambda p: p.customer.name[:-3].lower(),
    "last4": lambda p: p.card.last4,
    "card id": lambda p: p.card.shown_id,
    "Stripe card id": lambda p: p.card.stripe_id,
    "cardholder id": lambda p: p.card.cardholder.stripe_id,
    "Stripe authorization id": lambda p: "iauth_A1bC",
    "authorization id": lambda p: Authorization.objects.all()[0].shown_id,
    "decision id": lambda p: Decision.objects.all()[0].shown_id,
    "transaction id": lambda p: show("ctx", CardTransaction.objects.all()[0].pk),
}


@pytest.mark.parametrize("key", KEYS)
def test_a_customer_is_found_by(key: str, staff: Client, play: Play) -> None:
    # Stripe's own prefix, which the ids of the test door lack.
    newest = Authorization.objects.order_by("pk")[0]
    Authorization.objects.filter(pk=newest.pk).update(stripe_id="iauth_A1bC")
    term = KEYS[key](play)

    listed = staff.get(list_of(Customer), {"q": f" {term} "}).context["cl"].result_list
    searched = staff.get("/admin/search/", {"s": term}).content.decode()

    assert list(listed) == [play.customer]
    if key != "uuid":
        assert page_of(play.customer) in searched


def test_a_customer_is_found_by_the_tag_they_have(staff: Client, play: Play) -> None:
    with transaction():
        tags.claim_tag(customer_id=play.customer.id, text="ada_l", now=clock.now())

    listed = staff.get(list_of(Customer), {"q": "@Ada_L"}).context["cl"].result_list

    assert list(listed) == [play.customer]
    assert not staff.get(list_of(Customer), {"q": "@ada_"}).context["cl"].result_list


def test_an_entry_is_found_by_its_id_and_what_is_a_customers_by_theirs(
    staff: Client, play: Play
) -> None:
    entry = JournalEntry.objects.filter(customer=play.customer)[0]
    shown_id = show("ent", entry.pk)

    listed = staff.get(list_of(JournalEntry), {"q": shown_id})
    cards = staff.get(list_of(Card), {"q": play.customer.shown_id}).context["cl"].result_list

    assert list(listed.context["cl"].result_list) == [entry]
    assert shown_id in listed.content.decode()
    assert list(cards) == [play.card]


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("-164876.06", "USD", "-164,876.06 USD"),
        ("100000", "GBP", "100,000.00 GBP"),
        ("0.5", "USD", "0.50 USD"),
        ("-0.005", "USD", "-0.005 USD"),
        ("1234", "JPY", "1,234 JPY"),
        ("1234.0004", "BTC", "1,234.0004 BTC"),
        ("5", "BTC", "5 BTC"),
        ("5000", "", "5,000"),
        ("12", "GONE", "12 GONE"),
        (None, "USD", ""),
    ],
)
def test_an_amount_is_read_at_a_glance(amount: str | None, currency: str, written: str) -> None:
    assert shown(amount, currency) == written


def test_whom_a_card_is_for_is_named_or_shown_by_id() -> None:
    assert str(Cardholder(first_name="Ada", last_name="Lovelace")) == "Ada Lovelace"
    nameless = Cardholder(first_name="", last_name="")
    assert str(nameless) == nameless.shown_id


@pytest.mark.parametrize("term", ["cus_01h455vb4pex5vsknk084sn02q", "iauth_nobody", "0x0", "a_b"])
def test_what_names_nobody_finds_nobody(term: str, staff: Client, play: Play) -> None:
    assert not staff.get(list_of(Customer), {"q": term}).context["cl"].result_list


def test_the_first_page_has_the_live_figures(staff: Client, play: Play) -> None:
    with CaptureQueriesContext(connection) as asked:
        response = staff.get("/admin/")

    outcomes = response.context["outcomes"]
    assert outcomes.by_outcome["APPROVED"] >= 2
    assert outcomes.by_outcome["STRAY"] >= 1
    assert outcomes.by_reason["merchant_blocked"] >= 1
    assert response.context["promises"].dead == OutboxMessage.objects.exclude(dead_at=None).count()
    assert "iauth_stray" in response.content.decode()
    assert len(asked) <= 15


def test_the_first_page_says_what_waits_for_whom_may_see_it(play: Play) -> None:
    with transaction():
        cases.open_case(kind="odd", subject="x", customer_id=None, now=clock.now())

    def first_page(*rights: str) -> Any:
        return browser(staff_with(*rights)).get("/admin/")

    everything = first_page(
        "cases.view_case", "approvals.view_proposal", "customers.view_verification"
    )
    only_cases = first_page("cases.view_case")
    opened = Case.objects.filter(status="OPEN").count()

    found = [(queue.title, queue.waiting) for queue, _where in everything.context["queues"]]
    assert found == [
        ("Open cases", opened), ("Approvals waiting", 0), ("Verifications waiting", 0),
    ]  # fmt: skip
    assert f'href="{list_of(Case)}"' in everything.content.decode()
    for _queue, where in everything.context["queues"]:
        assert browser(staff_with(superuser=True)).get(where).status_code == 200
    assert [queue.title for queue, _where in only_cases.context["queues"]] == ["Open cases"]
    assert "outcomes" not in only_cases.context


@pytest.mark.parametrize("who", ["nobody", "the customer"])
def test_it_sends_away(who: str, play: Play) -> None:
    client = Client()
    if who == "the customer":
        client.force_login(play.customer.user)
    for address in ["/admin/", "/admin/search/?s=a", page_of(play.customer), *map(list_of, TABLES)]:
        response = client.get(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith("/admin/login/"), address


def test_staff_without_rights_see_no_customer_and_no_figures(play: Play) -> None:
    client = Client()
    client.force_login(User.objects.create_user("new@krak.example", is_staff=True))

    assert client.get(page_of(play.customer)).status_code == 403
    assert client.get(list_of(Customer)).status_code == 403
    first = client.get("/admin/")
    assert first.status_code == 200
    assert "outcomes" not in first.context
    assert first.context["queues"] == []
    searched = client.get("/admin/search/", {"s": play.customer.shown_id}).content.decode()
    assert play.customer.name not in searched


@pytest.mark.parametrize("table", READ_ONLY, ids=lambda table: table.__name__)
def test_nobody_adds_changes_or_deletes(table: Any, staff: Client, play: Play) -> None:
    before = list(table.objects.order_by("pk").values_list())
    row = table.objects.order_by("pk").first()

    assert staff.post(f"{list_of(table)}add/", {}).status_code == 403
    if row is not None:
        assert staff.post(page_of(row), {"amount": "1"}).status_code == 403
        deletion = page_of(row).replace("/change/", "/delete/")
        assert staff.post(deletion, {"post": "yes"}).status_code == 403
        staff.post(
            list_of(table), {"action": "delete_selected", "_selected_action": [row.pk], "post": "y"}
        )
    assert list(table.objects.order_by("pk").values_list()) == before or table is User


def test_a_policy_is_added_but_never_edited(staff: Client, play: Play) -> None:
    policy = Policy.objects.order_by("pk")[0]

    assert staff.get(f"{list_of(Policy)}add/").status_code == 200
    assert staff.post(page_of(policy), {"daily_limit": "1"}).status_code == 403
    assert staff.post(page_of(policy).replace("/change/", "/delete/")).status_code == 403


def test_a_policy_begins_with_what_is_in_force(staff: Client) -> None:
    with transaction():
        issuing.set_policy(customer_id=None, effective_at=clock.now(), daily_limit=Decimal(5000))

    form = staff.get(f"{list_of(Policy)}add/").context["adminform"].form
    assert form.initial["daily_limit"] == 5000

    with transaction():
        next_one = issuing.set_policy(customer_id=None, effective_at=clock.now(), fx_buffer_bps=25)
    assert (next_one.daily_limit, next_one.fx_buffer_bps) == (5000, 25)


def test_a_merchants_name_is_text_wherever_it_is_shown(staff: Client, play: Play) -> None:
    Authorization.objects.update(merchant_name=XSS)
    CardTransaction.objects.update(merchant_name=XSS)
    Customer.objects.update(name=XSS)
    authorization = Authorization.objects.order_by("pk")[0]
    decision = authorization.decisions.all()[0]
    shown = [
        page_of(play.customer), page_of(authorization), page_of(decision),
        page_of(CardTransaction.objects.all()[0]), page_of(StrayRequest.objects.all()[0]),
        list_of(Authorization), list_of(Decision), list_of(CardTransaction), list_of(Customer),
        f"/admin/search/?s={authorization.shown_id}",
    ]  # fmt: skip
    for address in shown:
        text = staff.get(address).content.decode()
        assert XSS not in text, address
        assert "&lt;script&gt;alert(1)" in text, address


def test_every_answer_carries_a_policy_and_only_the_admin_may_evaluate(
    client: Client, staff: Client
) -> None:
    api = client.get("/healthz/live")["Content-Security-Policy"]
    login = client.get("/admin/login/")["Content-Security-Policy"]
    office = staff.get("/admin/")["Content-Security-Policy"]
    docs = client.get("/v1/docs")["Content-Security-Policy"]

    assert "default-src 'none'" in api
    assert "script-src" not in api
    assert login == office
    assert "script-src 'self' 'unsafe-eval';" in office
    assert "script-src 'self';" in docs
    for policy in (api, office, docs):
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self' 'unsafe-inline'" not in policy


@pytest.mark.parametrize("address", ["/v1/docs", "/admin/login/", "/admin/"])
def test_no_page_needs_an_inline_script(address: str, staff: Client) -> None:
    text = staff.get(address).content.decode()
    for tag in text.split("<script")[1:]:
        opening = tag.split(">")[0]
        assert "src=" in opening or "application/json" in opening, opening


def test_every_table_of_the_menu_is_registered(staff: Client) -> None:
    menu = staff.get("/admin/").context["sidebar_navigation"]
    links = {str(item["link"]) for group in menu for item in group["items"]}
    registered = {list_of(table) for table in admin.site._registry}

    assert links - registered == {"/admin/"}
    assert registered - links == set()
