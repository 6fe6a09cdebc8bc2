"""Being forgotten: refused while something is open, whole when it is done, books intact."""

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey
from django.db.utils import IntegrityError
from django.test import Client

from cards.authorizations.models import Authorization
from cards.issuing.models import Cardholder, CardStatus
from holdings.ledger import queries as ledger
from krak.core import clock, personal, sealing
from krak.core.audit import queries as audit
from krak.core.audit.models import RowChange
from krak.core.ids import uuid7
from krak.core.outbox import services as outbox
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import Customer, Profile, Tag, User
from krak.notifications.models import Notification
from krak.privacy import services
from krak.privacy.models import Erasure, SealedFacts
from krak.sandbox import services as sandbox
from tests.commits import as_at_a_commit
from tests.dinners import dinner
from tests.funding.test_receipts import account, address
from tests.funding.world import BITCOIN, IBAN, World, save, withdraw, work
from tests.people import Known, new_customer
from tests.statements.books import move
from tests.transfers.conftest import pay, tag, tagged

PHONE = "+15550102030"
NAMES = ("Zebedee", "Quillfeather", "Zebedee Quillfeather")


@pytest.fixture
def known(pinned: Any) -> Known:
    pinned()
    return new_customer(cash="120")


def with_a_name(known: Known) -> tuple[str, ...]:
    """Give the customer all that can name somebody, everywhere; return the words."""
    email, tag = f"zeb-{uuid7().hex}@example.org", f"zeb_{uuid7().hex[-8:]}"
    now, customer = clock.now(), known.customer
    with transaction():
        customers.confirm_email(user=customer.user, email=email, now=now)
        customers.claim_tag(customer_id=customer.id, text=tag, now=now)
        Customer.objects.filter(id=customer.id).update(name=NAMES[2])
        Profile.objects.filter(customer=customer).update(
            first_name=NAMES[0], last_name=NAMES[1], born_on="1990-02-03",
            tax_residences=[{"country": "US", "tin": "078-05-1120"}],
        )  # fmt: skip
        Cardholder.objects.filter(customer=customer).update(
            first_name=NAMES[0], last_name=NAMES[1], phone_number=PHONE,
            address={"line1": "1 Quillfeather Road", "city": "Springfield"},
        )  # fmt: skip
        customer.verification_set.update(person={"first_name": NAMES[0], "last_name": NAMES[1]})
        Notification.objects.create(
            id=uuid7(), customer=customer, kind="new_device", created_at=now,
            facts={"device": f"{NAMES[0]}'s\u2028phone"},
        )  # fmt: skip
    customer.refresh_from_db()
    return (email, tag, PHONE, *NAMES)


def leave(known: Known) -> None:
    """Spend and end everything there is."""
    dinner(known)
    Authorization.objects.filter(customer=known.customer).update(status="CLOSED")
    with transaction():
        sandbox.set_card(customer_id=known.customer.id, status=CardStatus.CANCELED)
    for balance in ledger.balances(customer_id=known.customer.id).values():
        if balance.posted:
            move(known.customer, f"{-balance.posted:f}", balance.currency, at=clock.now())


def erase(known: Known, *, key: str = "") -> Any:
    return Client().post(
        "/v1/me/erasure",
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {known.token}",
            "Idempotency-Key": key or str(uuid7()),
            "Step-Up": known.proof("erase_me"),
        },
    )


def found_anywhere(words: Iterable[str]) -> list[str]:
    """Return every column of the database that has one of these words in it, in any case."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            "   AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY', 'bytea')"
        )
        for table, column, kind in cursor.fetchall():
            text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(
                f'SELECT count(*) FROM "{table}" WHERE lower({text}) LIKE ANY(%s)',
                [[f"%{word.lower().replace('_', chr(92) + '_')}%" for word in words]],
            )
            (rows,) = cursor.fetchone()
            if rows:
                found.append(f"{table}.{column}")
    return found


@pytest.mark.django_db
def test_every_table_of_customers_rows_says_how_it_is_exported_and_erased() -> None:
    said = {table.model.lower() for table in personal.tables()}
    unsaid = set()
    for model in apps.get_models():
        fields = model._meta.concrete_fields
        is_customers = any(field.attname == "customer_id" for field in fields) or any(
            field.attname == "user_id"
            and isinstance(field, ForeignKey)
            and field.related_model is User
            for field in fields
        )
        if is_customers:
            unsaid.add(model._meta.label_lower)
    # Staff's own: their log, their groups and rights.
    staff = {"admin.logentry", "customers.user_groups", "customers.user_user_permissions"}

    assert unsaid - said - staff == set(), "say it in the feature's personal.py"


@pytest.mark.django_db
def test_what_is_said_of_a_table_is_true_of_its_columns() -> None:
    for table in personal.tables():
        columns = {f.attname for f in apps.get_model(table.model)._meta.concrete_fields}
        assert set(table.hides) | set(table.erases) | set(table.seals) <= columns, table.model
        assert table.owner in {"customer", "user"}


def test_a_table_is_said_once_and_wholly() -> None:
    with pytest.raises(ValueError, match="what becomes of it"):
        personal.holds("customers.Tag")
    with pytest.raises(ValueError, match="named twice"):
        personal.holds("customers.Tag", deletes=True)


@pytest.mark.django_db
def test_nobody_is_erased_while_there_is_money_or_something_is_open(known: Known) -> None:
    preview = known.get("/v1/me/erasure").json()
    refused = erase(known)

    assert preview["possible"] is False
    assert [each["code"] for each in preview["obstacles"]] == ["money_left", "cards_active"]
    assert preview["obstacles"][0]["facts"] == {"currencies": ["USD"]}
    assert {"what": "ledger.JournalEntry", "why": "books must be kept"} in preview["kept"]
    assert (refused.status_code, refused.json()["code"]) == (409, "privacy.not_yet")
    assert refused.json()["facts"]["obstacles"] == preview["obstacles"]
    assert not Erasure.objects.exists()
    assert known.get("/v1/me").status_code == 200


@pytest.mark.django_db
def test_erasing_needs_a_step_up(known: Known) -> None:
    leave(known)
    refused = known.send("/v1/me/erasure")

    assert (refused.status_code, refused.json()["code"]) == (403, "identity.step_up_required")
    assert not Erasure.objects.exists()


@pytest.mark.django_db
def test_after_an_erasure_no_table_names_the_customer_and_the_books_hold(known: Known) -> None:
    words = with_a_name(known)
    leave(known)
    assert len(found_anywhere(words)) >= 8
    customer_id = known.customer.id
    entries = ledger.entry_count()

    done = erase(known)
    outbox.drain(now=clock.now())

    assert done.status_code == 201, done.content
    assert found_anywhere(words) == []
    assert ledger.breaks() == []
    assert ledger.entry_count() == entries
    user = User.objects.get(id=known.customer.user_id)
    assert (user.is_active, user.has_usable_password()) == (False, False)
    assert user.email == f"{user.id.hex}@erased.invalid"
    assert known.get("/v1/me").status_code == 401
    erasure = Erasure.objects.get(customer_id=customer_id)
    assert done.json()["id"] == erasure.shown_id
    assert erasure.swept_at is not None
    assert erasure.rows["customers.Tag"] == {"erased": 1}
    assert not Tag.objects.filter(customer_id=customer_id, held=True).exists()


def money_about(known: Known, world: World) -> tuple[str, ...]:
    """Let the customer pay, ask, share, get and send money with everything that names somebody."""
    other = tagged(new_customer(cash="100", country="BR"))
    notes = [f"note-{number}-{uuid7().hex[-8:]}" for number in range(4)]
    five, theirs = {"amount": "5.00", "currency": "USD"}, tag(other)
    assert pay(known, other, "5.00", note=notes[0], key="to").status_code == 201
    pay(other, known, "5.00", note="from a friend", key="back")
    asked = known.send("/v1/payment-requests", {"of": theirs, "amount": five, "note": notes[1]})
    paid = other.send(f"/v1/payment-requests/{asked.json()['id']}/pay", {})
    assert paid.status_code == 201, paid.content
    bill = {"amount": five, "shares": [{"tag": theirs}], "note": notes[2]}
    assert known.send("/v1/split-bills", bill).status_code == 201
    bill = {"amount": five, "shares": [{"tag": tag(known)}], "note": "ours"}
    assert other.send("/v1/split-bills", bill).status_code == 201
    link = known.send("/v1/payment-links", {"amount": five, "note": notes[3]}).json()
    other.send("/v1/payment-links/claim", {"token": link["token"]})
    for who in (known, other):
        for row in who.get("/v1/payment-requests").json()["results"]:
            who.send(f"/v1/payment-requests/{row['id']}/decline")
    iban, coins = account(known)["iban"], address(known)["address"]
    world.tell("bank", world.transfer(iban=iban, sender_name="Grace Uniquely", reference=notes[0]))
    world.tell("chain", world.output(address=coins, confirmations=3))
    bank, chain = save(known, label="Rainy days"), save(known, rail="bitcoin", account=BITCOIN)
    out = [withdraw(known, bank, "50", "EUR", "0").json()]
    out.append(withdraw(known, chain, "0.01", "BTC", "0.00005").json())
    work()
    for door, made in zip(("bank", "chain"), out, strict=True):
        world.tell(door, world.payout("completed", made["id"]))
    return (*notes, iban, coins, "Grace Uniquely", IBAN, BITCOIN, "Rainy days", "Ada Lovelace")


@pytest.mark.django_db
def test_after_an_erasure_nothing_names_whom_they_paid_and_where_money_came_and_went(
    pinned: Any, client: Client
) -> None:
    pinned({"BTC": "50000", "EUR": "1.10"})
    ada = new_customer(cash="500", holdings={"EUR": "100", "BTC": "0.1"}, country="BR")
    words = (*with_a_name(ada), *money_about(ada, World(client)))
    books = ledger.entry_count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(details::text, '') FROM ledger_journalentry")
        (details,) = cursor.fetchone()
    assert not [word for word in words if word in details]
    leave(ada)
    assert len(found_anywhere(words)) >= 20

    done = erase(ada)
    outbox.drain(now=clock.now())

    assert done.status_code == 201, done.content
    assert found_anywhere(words) == []
    assert ledger.breaks() == []
    assert ledger.entry_count() >= books


@pytest.mark.django_db
def test_that_somebody_was_erased_is_in_the_audit_and_their_name_is_not(known: Known) -> None:
    with_a_name(known)
    leave(known)
    erase(known)

    changes = RowChange.objects.filter(row=str(known.customer.id), table="customers_customer")
    as_at_a_commit()
    assert audit.breaks() == []
    assert [each.changed["name"] for each in changes] == [["erased", "erased"]] * len(changes)
    last = changes.order_by("-at").first()
    assert last is not None
    assert last.reason == "erased at the customer's own request"


@pytest.mark.django_db
def test_what_the_law_demands_is_sealed_and_goes_in_its_time(known: Known) -> None:
    words = with_a_name(known)
    leave(known)
    erase(known)

    kept = SealedFacts.objects.get(customer=known.customer)
    facts = json.loads(sealing.unseal(kept.sealed))
    assert facts["customers.User"] == [{"email": words[0]}]
    (profile,) = facts["customers.Profile"]
    assert (profile["first_name"], profile["born_on"]) == ("Zebedee", "1990-02-03")
    with transaction():
        services.forget_facts(now=kept.keep_until - timedelta(seconds=1))
    assert SealedFacts.objects.filter(customer=known.customer).exists()
    with transaction():
        services.forget_facts(now=kept.keep_until)
    assert not SealedFacts.objects.filter(customer=known.customer).exists()


@pytest.mark.django_db
def test_a_repeat_of_the_erasure_finds_nobody(known: Known) -> None:
    leave(known)
    headers = {
        "Authorization": f"Bearer {known.token}", "Idempotency-Key": "once",
        "Step-Up": known.proof("erase_me"),
    }  # fmt: skip

    assert (
        Client()
        .post("/v1/me/erasure", content_type="application/json", headers=headers)
        .status_code
        == 201
    )
    assert (
        Client()
        .post("/v1/me/erasure", content_type="application/json", headers=headers)
        .status_code
        == 401
    )
    assert Erasure.objects.filter(customer=known.customer).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE privacy_erasure SET rows = '{}'", "DELETE FROM privacy_erasure",
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE privacy_erasure",
        "UPDATE audit_rowchange SET changed = '{}'",
        "UPDATE audit_rowchange SET reason = 'none'",
        "UPDATE audit_rowchange SET changed = jsonb_build_object('name', '[\"a\", \"b\"]'::jsonb)",
        "DELETE FROM audit_rowchange",
    ],
)  # fmt: skip
def test_the_database_keeps_what_happened(known: Known, change: str) -> None:
    with_a_name(known)
    leave(known)
    erase(known)

    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.usefixtures("committed")
def test_everything_about_me_is_in_one_zip_and_nothing_of_anybody_else(known: Known) -> None:
    words = with_a_name(known)
    other = new_customer(cash="7777.77")
    dinner(known)
    asked = Client().post(
        "/v1/exports", {"kind": "personal_data"}, content_type="application/json",
        headers={
            "Authorization": f"Bearer {known.token}", "Idempotency-Key": "mine",
            "Step-Up": known.proof("export_personal_data"),
        },
    )  # fmt: skip
    assert asked.status_code == 202, asked.content
    outbox.drain(now=clock.now())

    body = known.get(f"/v1/exports/{asked.json()['id']}").json()
    content = known.get(body["file"]["path"]).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    rows = {name: json.loads(text) for name, text in files.items() if name != "about.json"}
    assert rows["customers.user.json"][0]["email"] == words[0]
    assert rows["customers.tag.json"][0]["tag"] == words[1]
    (told,) = [r for r in rows["notifications.notification.json"] if r["kind"] == "new_device"]
    assert told["facts"]["device"] == "Zebedee's\u2028phone"
    assert rows["issuing.cardholder.json"][0]["phone_number"] == PHONE
    kinds = {row["kind"] for row in rows["ledger.journalentry.json"]}
    assert kinds == {"DEPOSIT", "CAPTURE", "CASHBACK"}
    assert not any(
        hidden in row
        for table in rows.values()
        for row in table
        for hidden in ("password", "digest", "hash", "sealed")
    )
    text = "".join(files.values())
    assert str(known.customer.id) in text
    assert str(other.customer.id) not in text
    assert "7777.77" not in text
    assert body["progress"]["rows_done"] == sum(len(table) for table in rows.values())


@pytest.mark.django_db
def test_personal_data_is_not_given_to_a_stolen_phone(known: Known) -> None:
    refused = known.send("/v1/exports", {"kind": "personal_data"})

    assert (refused.status_code, refused.json()["code"]) == (403, "identity.step_up_required")
