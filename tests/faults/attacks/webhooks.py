"""Attacks on the webhooks: forged, repeated, late, shuffled, flooded."""

from tests.faults.row import Row
from tests.faults.trials import attackers

WEBHOOKS: tuple[Row, ...] = (
    Row(
        59,
        "one event ten times at once",
        "one row, one effect",
        "ten threads deliver the same bytes, ten workers drain",
        control="without the unique row an event is kept twice (test_checker.py)",
        every_commit=True,
        tests=(
            "tests/cards/test_deliveries.py::test_one_event_ten_times_at_once_is_one_row_and_one_effect",
            "tests/cards/test_event_races.py::test_one_event_in_two_workers_is_applied_by_one",
            "tests/faults/test_checker.py::test_an_event_a_cause_and_a_slot_that_are_there_twice_are_noticed",
        ),
    ),
    Row(
        60,
        "events out of order",
        "the same end",
        "all 120 orders of five events of a life",
        control="a life that lacks one event ends elsewhere (test_control_…)",
        every_commit=True,
        tests=(
            "tests/cards/test_permutations.py::test_any_order_of_a_life_ends_in_the_same_hold",
            "tests/cards/test_permutations.py::test_control_a_life_that_lacks_an_event_ends_elsewhere",
            "tests/cards/test_permutations.py::test_any_order_of_a_dispute_its_capture_and_refunds_ends_in_the_same_books",
            "tests/funding/test_top_ups.py::test_every_order_of_a_payment_and_its_refund_ends_alike",
        ),
    ),
    Row(
        61,
        "an event three days late",
        "posted, with the time of the event",
        "days after its authorization, and after the month's statement",
        control=(
            "a statement that was issued refuses to change "
            "(test_the_database_refuses_gaps_and_overlaps)"
        ),
        every_commit=True,
        tests=(
            "tests/cards/test_deliveries.py::test_an_event_that_is_days_late_is_posted_with_the_time_of_its_own",
            "tests/statements/test_statements.py::test_what_is_written_late_is_in_the_next_statement_and_changes_none",
        ),
    ),
    Row(
        62,
        "captured bytes sent again",
        "too old: 400; in time: no effect",
        "the very bytes and signature of a request and of a capture",
        control=(
            "the same capture as another event is kept, and posted no second time "
            "(test_event_races.py)"
        ),
        every_commit=True,
        tests=(
            "tests/cards/test_deliveries.py::test_bytes_that_were_captured_and_sent_again_have_no_effect",
            "tests/cards/test_webhook_contract.py::test_a_timestamp_that_is_not_now_is_refused",
        ),
    ),
    Row(
        63,
        "signed for the future",
        "refused beyond 60 s",
        "a timestamp 65 s ahead",
        control="Stripe's own library takes it (test_control_…)",
        every_commit=True,
        tests=(
            "tests/cards/test_webhook_contract.py::test_a_timestamp_that_is_not_now_is_refused",
            "tests/cards/test_deliveries.py::test_control_stripes_own_library_takes_what_is_signed_for_later",
        ),
    ),
    Row(
        64,
        "wrong secret, altered body, odd headers, rotation",
        "400; both secrets while they change, the old one no longer",
        "a table of signatures",
        control="a right signature among wrong ones is enough",
        tests=(
            "tests/cards/test_webhook_contract.py::test_what_is_not_signed_by_stripe_is_refused",
            "tests/cards/test_webhook_contract.py::test_one_matching_signature_of_several_is_enough",
            "tests/cards/test_deliveries.py::test_two_secrets_hold_while_they_change_and_the_old_one_no_longer",
        ),
    ),
    Row(
        65,
        "the database is slow at a tap",
        "answered by rule before the deadline",
        (
            "Postgres stopped by SIGSTOP; a parked lock; a server that takes connections and "
            "says nothing"
        ),
        control="without a fault the answer is an approval",
        tests=(
            "tests/cards/test_silent_database.py::test_a_paused_database_is_a_decline_in_time_and_leaves_no_hold",
            "tests/cards/test_silent_database.py::test_a_database_that_takes_connections_and_says_nothing_is_given_up",
            "tests/cards/test_decision_races.py::test_a_parked_lock_ends_in_system_busy_within_the_deadline",
        ),
        instead="prices are in the process and cannot be slow",
    ),
    Row(
        66,
        "the network decided otherwise",
        "the ledger follows the event",
        "late answers, stand-in approvals, requests after the end",
        control="without the event the hold stays as it was (test_control_…)",
        tests=(
            "tests/cards/test_adoption.py::test_an_increment_that_we_declined_and_the_network_approved_is_adopted",
            "tests/cards/test_adoption.py::test_control_without_the_event_nothing_of_a_declined_increment_is_held",
            "tests/cards/test_adoption.py::TestARequestAboutSomethingThatHasEnded::test_is_answered_and_holds_and_sells_nothing",
            "tests/cards/test_event_races.py::test_a_request_answered_busy_elsewhere_is_not_approved_here",
            "tests/sandbox/test_issuer_with_krak.py::test_what_the_network_approves_alone_is_adopted",
        ),
    ),
    Row(
        67,
        "huge, deep, non-UTF-8 or double-keyed JSON",
        "400 or 413, memory stays",
        "250 kB of each, signed, 4,480 times; mangled requests (hypothesis); at every operation",
        "a door that takes anything (tests/api/test_leaks.py)",
        attackers.monsters_are_sent,
        tests=(
            "tests/cards/test_mangled_requests.py::test_whatever_is_asked_is_answered_or_refused",
            "tests/cards/test_webhook_contract.py::test_a_megabyte_is_too_large",
            "tests/api/test_matrix.py::test_a_body_that_is_no_plain_json_is_a_problem",
            "tests/identity/test_attacks.py::test_an_unreadable_body_is_a_problem",
        ),
    ),
    Row(
        68,
        "unknown event type",
        "kept, 200, nothing happens",
        "a new type",
        control="a known type is applied",
        tests=(
            "tests/cards/test_webhook_contract.py::test_an_unknown_event_type_is_kept_and_changes_nothing",
            "tests/cards/test_bad_events.py::test_a_good_one_is_applied_and_is_no_case",
        ),
    ),
    Row(
        69,
        "flood of bad signatures",
        "real requests unaffected",
        "2,000 a second for ten seconds beside taps; a refusal asks the database nothing",
        "a signed one does",
        attackers.forgeries_flood_in,
        tests=(
            "tests/identity/test_attacks.py::test_webhooks_and_health_ask_nothing_about_who_is_asking",
            "tests/cards/test_webhook_contract.py::test_what_is_not_signed_by_stripe_is_refused",
        ),
    ),
    Row(
        70,
        "missed events",
        "found within a quarter of an hour, none missing",
        "one event in ten never comes",
        control="before the run they are missing, and the test looks",
        tests=(
            "tests/cards/test_reconciliation.py::test_all_that_is_lost_of_a_busy_hour_is_found_and_nothing_else",
            "tests/cards/test_reconciliation.py::test_what_is_lost_is_looked_for_within_a_quarter_of_an_hour",
            "tests/cards/test_reconciliation.py::test_a_whole_purchase_of_which_nothing_arrived",
        ),
    ),
)
