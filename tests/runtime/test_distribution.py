"""What `manage.py distribute` would do to the database that the migrations make."""

import io
import re

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models

from krak.core.fields import OwnKey
from krak.runtime.distribution.catalog import read
from krak.runtime.distribution.classes import BY_HAND, COLUMN, CUSTOMERS, TO_ANOTHERS, Kind, Place
from krak.runtime.distribution.statements import Plan

pytestmark = pytest.mark.django_db

REFERENCE = {
    "authorizations_strayrequest",
    "customers_terms",
    "identity_device",
    "issuing_carddirectory",
    "issuing_policy",
    "quotes_feeschedule",
    "quotes_quotepolicy",
}
# Of the house and of the machinery. A new table is named here, or has a customer in each row.
LOCAL = {
    *("account_emailaddress", "account_emailconfirmation", "approvals_proposal", "assets_asset"),
    *("archive_archive", "inbox_pastevent"),
    *("assets_delisting", "assets_multiplier", "audit_link", "audit_rowchange", "auth_group"),
    *("auth_group_permissions",),
    *("auth_permission", "candles_candle", "cases_case", "customers_accesstoken"),
    *("customers_kycrule", "customers_tag", "customers_user", "customers_user_groups"),
    *("customers_user_user_permissions", "django_admin_log", "django_content_type"),
    *("django_migrations", "django_session", "eligibility_eligibilityrule", "exports_export"),
    *("exports_exportfile", "exports_exportpart", "hedging_hedgefill", "hedging_hedgeorder"),
    *("hedging_paperorder", "hedging_risklimit", "hedging_riskstate", "hedging_venueinstrument"),
    *("hedging_venuenonce", "idempotency_keptanswer", "identity_proof"),
    *("identity_spent_code", "inbox_inboxevent", "ledger_housebalance", "limits_hit"),
    *("mfa_authenticator", "prices_boardcopy", "prices_providerreport"),
    *("reserves_attestation", "reserves_chunk", "reserves_custodystatement", "reserves_proof"),
    *("reserves_tree",),
    *("reconciliation_run", "sandbox_sandboxmail", "schedule_run", "treasury_floatreading"),
    *("treasury_floatrule", "treasury_topup", "venues_halt", "venues_marketholiday"),
    *("venues_tradingsession", "venues_widening", "funding_receipt", "funding_paperpayout"),
    *("primary_paperorder",),
    *("funding_railterms", "sandbox_sandboxchain", "sandbox_sandboxtransaction"),
}
# What is lost on the way: docs/scaling.md says what is done about each.
LOST_REFERENCES = {
    "cases_case.customer_id",
    "customers_customer.user_id",
    "customers_tag.customer_id",
    "customers_verification.decided_by_id",
    "exports_export.customer_id",
    "funding_receipt.deposit_id",
    "identity_device.user_id",
    "issuing_carddirectory.card_id",
    "issuing_carddirectory.customer_id",
    "issuing_policy.customer_id",
    "transfers_request.payer_id",
    "transfers_request.transfer_id",
    "transfers_requestparty.request_id",
    "transfers_transfer.recipient_id",
    "transfers_transferparty.transfer_id",
}
LOST_TRIGGERS = {
    "customers_customer.changes_are_recorded",
    "issuing_policy.a_policy_of_ones_own_moves_the_book",
    "issuing_policy.changes_are_recorded",
    "issuing_spendingprofile.changes_are_recorded",
    "primary_party.changes_are_recorded",
    "primary_request.changes_are_recorded",
    "ledger_unrolledentry.an_entry_taken_out_is_in_the_balances",
    "quotes_feeschedule.changes_are_recorded",
    "quotes_quotepolicy.changes_are_recorded",
    "transfers_request.a_request_is_paid_in_full",
}
LOOSENED = {
    "a_payment_intent_is_one_top_up",
    "a_push_token_is_of_one_device",
    "a_reference_is_one_accounts",
    "a_refund_or_dispute_is_one_take_back",
    "a_stripe_cardholder_is_one_customer",
    "a_wallet_is_one_partys",
    "an_address_is_one_customers",
    "an_iban_is_one_customers",
    "customers_customer_user_id_key",
    "notifications_pushtoken_device_id_key",
    "transfers_paymentlink_digest_key",
}


def _of(plan: Plan, kind: Kind) -> set[str]:
    return {name for name, place in plan.places.items() if place.kind is kind}


def test_every_table_is_in_one_class_and_the_ones_without_a_customer_are_meant_to_be() -> None:
    plan = Plan(read())

    assert _of(plan, Kind.REFERENCE) == REFERENCE
    assert _of(plan, Kind.LOCAL) == LOCAL
    assert set(connection.introspection.table_names()) == plan.places.keys() | {
        name for name in connection.introspection.table_names() if name.startswith("candles_")
    }


def test_what_is_said_by_hand_is_still_there_and_says_why() -> None:
    assert BY_HAND.keys() <= read().tables.keys()
    assert all(place.why for place in BY_HAND.values())


def test_every_table_of_customers_has_them_in_each_key_and_foreign_key_afterwards() -> None:
    call_command("distribute", keys=True, stdout=io.StringIO())

    catalog = read()
    plan = Plan(catalog)
    distributed = _of(plan, Kind.DISTRIBUTED)
    without = [
        key.name
        for table in distributed
        for key in catalog.keys[table]
        if plan.places[table].column not in key.columns
    ]
    apart = [
        f"{reference.table}.{reference.columns[-1]}"
        for reference in catalog.references
        if {reference.table, reference.target} <= distributed
        and (reference.columns[0], reference.target_columns[0])
        != (COLUMN, plan.places[reference.target].column)
    ]
    assert {CUSTOMERS, "ledger_posting", "issuing_card"} <= distributed
    assert (without, apart) == ([], [])


def test_what_is_lost_is_known() -> None:
    plan = Plan(read())

    lost = {
        f"{reference.table}.{reference.columns[0]}"
        for reference in plan.catalog.references
        if plan.lost(reference)
    }
    triggers = {
        f"{trigger.table}.{trigger.name}"
        for trigger in plan.catalog.triggers
        if plan.places[trigger.table].kind in {Kind.DISTRIBUTED, Kind.REFERENCE}
        and not plan.runs_on_workers(trigger)
    }
    notes = [statement.note for statement in plan.everything() if statement.note]
    assert lost == LOST_REFERENCES
    assert triggers == LOST_TRIGGERS
    assert {note.split()[0] for note in notes if "is unique per" in note} == LOOSENED
    assert len(notes) == len(lost) + len(triggers) + len(LOOSENED) + 1


def test_swapping_keys_leaves_every_trigger_and_every_reference_that_can_be() -> None:
    before = read()
    lost = {reference.name for reference in before.references if Plan(before).lost(reference)}

    call_command("distribute", keys=True, stdout=io.StringIO())

    after = read()
    # Postgres writes a condition with other parentheses when it was read back once.
    assert [(t.table, t.name, t.function) for t in after.triggers] == [
        (t.table, t.name, t.function) for t in before.triggers
    ]
    assert {each.name for each in after.references} == {
        each.name for each in before.references
    } - lost


def test_a_key_is_to_a_row_of_the_same_customer_unless_it_is_named() -> None:
    distributed = _of(Plan(read()), Kind.DISTRIBUTED) - {CUSTOMERS}

    loose = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and {model._meta.db_table, field.related_model._meta.db_table} <= distributed
        and type(field).__module__ != OwnKey.__module__
    }

    assert loose == TO_ANOTHERS


def test_a_row_cannot_point_to_anothers_row_once_keys_are_swapped() -> None:
    call_command("distribute", keys=True, stdout=io.StringIO())

    (reference,) = (
        each
        for each in read().references
        if (each.table, each.target) == ("issuing_wallettoken", "issuing_card")
    )

    assert reference.columns == [COLUMN, "card_id"]
    assert reference.target_columns == [COLUMN, "id"]
    assert reference.timing == " DEFERRABLE INITIALLY DEFERRED"


def test_triggers_are_gone_while_rows_move_and_whose_rows_they_are_comes_first() -> None:
    statements = [statement.sql for statement in Plan(read()).everything()]
    moves = [n for n, sql in enumerate(statements) if "create_distributed_table" in sql]

    assert statements[moves[0]] == f"SELECT create_distributed_table('{CUSTOMERS}', 'id')"
    assert max(n for n, sql in enumerate(statements) if sql.startswith("DROP TRIGGER")) < moves[0]
    assert (
        min(n for n, sql in enumerate(statements) if sql.startswith("CREATE TRIGGER")) > moves[-1]
    )


def test_functions_of_one_customer_run_where_their_rows_are() -> None:
    statements = [statement.sql for statement in Plan(read()).everything()]
    functions = {
        sql.split("'")[1].split("(")[0]
        for sql in statements
        if "create_distributed_function" in sql and "'p_customer'" in sql
    }

    assert functions == {
        "authorizations_locked_snapshot",
        "authorizations_settle",
        "authorizations_snapshot",
        "authorizations_spent",
        "ledger_append",
        "ledger_release",
        "lots_move",
        "lots_receive",
        "lots_spend",
        "lots_take",
        "notifications_tell",
    }


def _asks_others(source: str, tables: set[str]) -> list[str]:
    """Return the statements of a function that ask for rows of customers not of one in a variable.

    Citus would ask all nodes from within, and its server dies when that is committed with others.
    """
    asked = re.compile(rf"(?:FROM|JOIN|(?<!FOR )UPDATE) ({'|'.join(tables)})\b")
    theirs = re.compile(r"customer_id = (?:NEW\.|\w+\.)?\w+(?![\w(])")
    return [
        statement
        for statement in source.split(";")
        if asked.search(statement) and not theirs.search(statement)
    ]


@pytest.mark.parametrize(
    ("source", "others"),
    [
        ("UPDATE ledger_book SET version = 1 WHERE customer_id = NEW.customer_id", 0),
        ("SELECT 1 FROM ledger_book b WHERE b.customer_id = mover", 0),
        ("UPDATE ledger_book SET version = 1 WHERE customer_id = (to_jsonb(NEW)->>'id')::uuid", 1),
        ("SELECT 1 FROM ledger_book", 1),
    ],
)
def test_a_question_to_other_nodes_is_seen(source: str, others: int) -> None:
    assert len(_asks_others(source, {"ledger_book"})) == others


def test_triggers_that_run_on_workers_ask_no_other_node() -> None:
    plan = Plan(read())
    running = {
        trigger.function
        for trigger in plan.catalog.triggers
        if plan.places[trigger.table].kind in {Kind.DISTRIBUTED, Kind.REFERENCE}
        and plan.runs_on_workers(trigger)
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname = ANY(%s)", [[*running]])
        sources = dict(cursor.fetchall())

    asking = {
        name: _asks_others(text, _of(plan, Kind.DISTRIBUTED)) for name, text in sources.items()
    }
    assert sources.keys() == running
    assert not any(asking.values()), asking


def test_guards_that_name_truncate_reach_the_shards() -> None:
    statements = [statement.sql for statement in Plan(read()).everything()]
    made = [sql for sql in statements if sql.startswith("CREATE TRIGGER trades_are_append_only")]

    assert ["BEFORE DELETE OR UPDATE ON" in sql for sql in made] == [True, False]
    assert "trades_are_append_only_at_all BEFORE TRUNCATE ON" in made[1]


def test_a_table_that_nobody_thought_of_is_seen() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE zoo_keeper (id uuid PRIMARY KEY)")
        cursor.execute("CREATE TABLE zoo_ticket (id uuid PRIMARY KEY, customer_id uuid NOT NULL)")

    plan = Plan(read())

    assert _of(plan, Kind.LOCAL) - LOCAL == {"zoo_keeper"}
    assert plan.places["zoo_ticket"] == Place(Kind.DISTRIBUTED, "each row is a customer's", COLUMN)


def test_without_citus_nothing_is_done_and_it_says_why() -> None:
    before = read()

    with pytest.raises(CommandError, match="has no Citus: CREATE EXTENSION citus"):
        call_command("distribute")

    assert read() == before


def test_a_dry_run_prints_the_statements_and_runs_none() -> None:
    before = read()
    printed = io.StringIO()

    call_command("distribute", dry_run=True, stdout=printed)

    assert read() == before
    lines = printed.getvalue().splitlines()
    assert "-- ledger_book: by customer (each row is a customer's)" in lines
    assert (
        "SELECT create_distributed_table('ledger_book', 'customer_id',"
        " colocate_with => 'customers_customer');"
    ) in lines
    assert (
        "ALTER TABLE lots_lot ADD CONSTRAINT lots_lot_entry_id_b43e31e4_fk_ledger_journalentry_id"
        " FOREIGN KEY (customer_id, entry_id) REFERENCES ledger_journalentry (customer_id, id)"
        " DEFERRABLE INITIALLY DEFERRED;"
    ) in lines
    assert (
        lines.count("DROP TRIGGER only_the_roll_up_moves_a_house_balance ON ledger_housebalance;")
        == 1
    )
