"""A test database spread over a Citus cluster: `make test-citus`.

`DATABASE_URL` is the coordinator's. `KRAK_TEST_CITUS` lists the workers, `host:port,host:port`; all
nodes know its user, and the coordinator may sign in to the workers as that.
"""

import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

_LOST = "lost on a cluster: docs/scaling.md says so"
_COUNTS = "counts round trips or reads a plan of one server"
_REFUSED = "Citus refuses the statement itself, before any rule of ours"
_NAMELESS = "refused as it should be, but without the class of error: it comes through a COPY"
_WHOLE = "needs one transaction in which rows are written in two ways, which ends as it began"
_LOOSENED = "unique over all customers, which no key of a distributed table is: docs/scaling.md"
_MADE_AGAIN = "reads what swapping the keys has made again already"
ELSEWHERE: Final[Mapping[str, Sequence[str]]] = {
    _LOOSENED: (
        "notifications/test_deliveries.py::test_the_database_gives_a_push_token_to_one_device",
        "primary/test_guards.py::test_a_customer_is_one_party_with_a_wallet_of_their_own",
    ),
    _MADE_AGAIN: (
        "project/test_migrations.py::test_what_migrations_do_in_sql_is_undone_and_done_again",
        "runtime/test_distribution.py::test_what_is_lost_is_known",
    ),
    _LOST: (
        "backoffice/test_audit.py::test_every_table_that_staff_can_edit_is_recorded",
        "backoffice/test_audit.py::test_nothing_that_a_decision_or_a_capture_writes_is_recorded",
        "backoffice/test_moves.py::test_a_move_has_its_reason_is_told_once_and_leaves_the_home",
        "backoffice/test_roles.py::test_freezing_needs_a_reason_and_leaves_it_on_the_customers_page",
        "cards/test_event_races.py::test_a_request_is_judged_by_the_policy_that_came_before_it",
        "ledger/test_house_balances.py::TestTheDatabaseRefuses",
        "ledger/test_house_balances.py::test_a_roll_up_passes_over_what_another_one_is_at",
        "ledger/test_house_balances.py::test_balances_are_exact_at_every_moment_while_all",
        "primary/test_decisions.py::test_one_person_rejects_with_a_reason_and_the_customer_is_told",
        "primary/test_parties.py::test_one_person_ends_a_party_with_a_reason",
        "primary/test_parties.py::test_two_people_let_a_customer_in",
        "privacy/test_privacy.py::test_that_somebody_was_erased_is_in_the_audit_and_their_name",
        "transfers/test_guards.py::test_a_request_is_paid_with_what_was_asked_and_ends_once",
        "transfers/test_guards.py::test_staff_find_and_read_and_edit_nothing[PaymentLink]",
        "transfers/test_guards.py::test_staff_find_and_read_and_edit_nothing[Request]",
        "transfers/test_guards.py::test_staff_find_and_read_and_edit_nothing[Transfer]",
    ),
    _COUNTS: (
        "api/test_budgets.py::test_a_call_costs_exactly_so_many_queries[transfer]",
        "cards/test_decision_races.py::test_a_book_that_keeps_moving_is_locked_first_in_the_end",
        "cards/test_webhook_contract.py::test_a_decision_with_sales_takes_two_round_trips",
        "fx/test_alerts.py::test_however_many_wait_a_round_asks_as_little",
        "fx/test_alerts.py::test_only_crossed_alerts_are_read",
        "runtime/test_distribution.py",
        "runtime/test_tasks.py::test_old_messages_are_found_by_the_primary_key",
    ),
    _REFUSED: (
        "cards/test_disputes.py::test_the_database_refuses_to_move_a_dispute_to_another_customer",
        "funding/test_withdrawals.py::test_a_withdrawal_goes_no_other_way[destination_id",
        "ledger/test_guards.py::test_bulk_updates_through_the_orm_are_refused_too",
        "transfers/test_guards.py::test_what_waits_keeps_its_terms[changed3",
        "transfers/test_guards.py::test_what_waits_keeps_its_terms[changed5",
    ),
    _NAMELESS: (
        "ledger/test_guards.py::test_a_posting_in_another_currency_than_its_account_is_refused",
        "ledger/test_guards.py::test_an_entry_that_does_not_balance_is_refused",
        "ledger/test_guards.py::test_currencies_do_not_balance_each_other",
        "ledger/test_guards.py::test_legs_cannot_be_added_to_an_entry_later",
        "ledger/test_guards.py::test_nobody_is_overdrawn_but_by_a_forced_event",
        "ledger/test_ledger_machine.py",
    ),
    _WHOLE: (
        "ledger/test_guards.py::test_control_without_its_rule_the_database_lets_somebody_below",
        "ledger/test_guards.py::test_tampering_behind_the_triggers_breaks_the_chain_visibly",
        "primary/test_guards.py::test_what_is_settled_has_an_entry_a_price_and_both_amounts",
        "runtime/test_application_role.py",
        "runtime/test_tasks.py::test_books_that_hold_say_nothing_and_one_that_does_not",
        "transfers/test_guards.py::test_the_shares_of_a_bill_sum_to_it_whoever_writes_them",
    ),
}
"""Tests that say nothing of a cluster, by the reason."""


def elsewhere(nodeid: str, whys: Iterable[str] = ELSEWHERE) -> str:
    """Return why a test is not for a cluster, or nothing."""
    found = (
        why for why in whys if nodeid.startswith(tuple(f"tests/{test}" for test in ELSEWHERE[why]))
    )
    return next(found, "")


def loosened(nodeid: str) -> str:
    """Return why a test is not for the keys of a cluster, or nothing."""
    return elsewhere(nodeid, [_LOOSENED, _MADE_AGAIN])


def workers() -> list[dict[str, Any]]:
    """Return where the workers are; none without a cluster."""
    listed = os.environ.get("KRAK_TEST_CITUS", "")
    places = (place.rpartition(":") for place in listed.split(",") if place)
    return [{"host": host, "port": int(port)} for host, _, port in places]


def spread() -> None:
    """Distribute the database of this connection over the workers."""
    ours = connection.settings_dict
    for worker in workers():
        _drop(worker)
        _run(worker, "postgres", sql.SQL("CREATE DATABASE {}"))
        _run(worker, ours["NAME"], sql.SQL("CREATE EXTENSION citus"))
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION citus")
        cursor.execute(
            "SELECT citus_set_coordinator_host(%s, %s)", [ours["HOST"], int(ours["PORT"])]
        )
        for worker in workers():
            cursor.execute("SELECT citus_add_node(%s, %s)", [worker["host"], worker["port"]])
    call_command("distribute", stdout=io.StringIO())
    # A whole test is one transaction, in which a node may have nothing to do for long.
    limit_nodes("idle_in_transaction_session_timeout", "2min")


def limit_nodes(name: str, value: str) -> None:
    """Give sessions between nodes that begin from now on this limit."""
    ours = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {ours} SET {name} TO '{value}'")


def gather() -> None:
    """Remove the workers' parts, and whoever would keep the coordinator's from being dropped."""
    coordinator = {name: connection.settings_dict[name.upper()] for name in ("host", "port")}
    connection.close()
    for place in (coordinator, *workers()):
        _drop(place)
    _run(coordinator, "postgres", sql.SQL("CREATE DATABASE {}"))


def _drop(place: dict[str, Any]) -> None:
    _run(place, "postgres", sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"))


def _run(place: dict[str, Any], database: str, statement: sql.SQL) -> None:
    """Run a statement on a node; `{}` is the name of the test database."""
    ours = connection.settings_dict
    who = {"user": ours["USER"], "password": ours["PASSWORD"], "dbname": database}
    with psycopg.connect(**place, **who, autocommit=True) as node:
        node.execute(statement.format(sql.Identifier(ours["NAME"])))
