"""The table of attacks: wrong money, forged webhooks, strangers and staff."""

from tests.faults.row import Row

ATTACKS: tuple[Row, ...] = (
    Row(
        34,
        "concurrent double spend",
        "never below zero, never more than there is",
        "20 requests for 3 of 10 dollars at once; two parked on one lock",
        control=(
            "without the table's rule the hold goes through (test_control_without_its_rule_…)"
        ),
        every_commit=True,
        tests=(
            "tests/cards/test_decision_races.py::test_of_twenty_requests_for_3_of_10_dollars_three_win",
            "tests/cards/test_decision_races.py::test_of_two_requests_for_the_same_cash_one_wins",
            "tests/ledger/test_guards.py::test_a_hold_beyond_what_is_available_is_refused",
            "tests/ledger/test_guards.py::test_control_without_its_rule_the_database_lets_somebody_below_zero",
        ),
    ),
    Row(
        35,
        "a tap races a withdrawal",
        "exactly one wins, or both fit",
        "both parked on the lock of the book, in either order",
        control="the lock is seen to be waited for by both; without it there is no race to win",
        tests=(
            "tests/funding/test_races.py::test_a_tap_and_a_withdrawal_never_spend_one_holding_twice",
            "tests/funding/test_withdrawals.py::test_cards_see_what_is_set_aside_as_gone",
        ),
        instead="each order is made once instead of 200 rounds that hope to meet",
    ),
    Row(
        36,
        "one idempotency key in parallel",
        "one effect; the others get its answer, or 409",
        "50 at once; one parked in its effect",
        control="without a key each request takes effect",
        every_commit=True,
        tests=(
            "tests/core/test_idempotency.py::test_fifty_at_once_with_one_key_have_one_effect",
            "tests/core/test_idempotency.py::test_while_the_first_runs_the_second_is_told_so_at_once",
            "tests/core/test_idempotency.py::test_without_a_key_every_request_takes_effect",
            "tests/api/test_money_doors.py::test_a_repeat_with_the_same_key_changes_nothing",
        ),
    ),
    Row(
        37,
        "one key, another body",
        "422 that names the first object",
        "the amount is changed; every door of the schema",
        control="without a key each request takes effect",
        tests=(
            "tests/core/test_idempotency.py::test_the_same_key_with_another_body_is_refused",
            "tests/core/test_idempotency.py::test_a_reused_key_names_the_object_it_made",
            "tests/api/test_money_doors.py::test_a_repeat_with_the_same_key_changes_nothing",
        ),
    ),
    Row(
        38,
        "one key, another customer",
        "keys are each customer's own",
        "the key of somebody is used by another",
        control="the same owner gets the first answer (test_the_same_request_again_…)",
        tests=(
            "tests/core/test_idempotency.py::test_the_key_of_another_owner_is_another_key",
            "tests/core/test_idempotency.py::test_the_same_request_again_gets_the_first_answer",
        ),
    ),
    Row(
        39,
        "a key used again after its time",
        "48 hours, as docs/api.md says; what it was for is done once for ever",
        "the clock is moved past 48 hours",
        control="a deposit of the sandbox, which has no name of its own, is made again",
        tests=(
            "tests/core/test_idempotency.py::test_keys_are_forgotten_after_48_hours",
            "tests/trading/test_trades.py::test_a_quote_is_traded_once",
            "tests/transfers/test_payments.py::test_a_quote_serves_only_what_it_is_for_and_once",
            "tests/ledger/test_guards.py::test_the_same_cause_posts_once",
        ),
    ),
    Row(
        40,
        "stale price",
        "nothing is sold by a price older than its kind allows",
        "prices of every age; pins that are stale",
        control="a fresh price of the same asset is sold by",
        tests=(
            "tests/fx/test_board.py::test_a_price_is_fresh_until_its_kinds_age_and_no_longer",
            "tests/cards/test_decision_properties.py::test_what_is_excluded_stale_halted_or_unranked_is_neither_counted_nor_sold",
            "tests/cards/test_scenarios.py::test_a_worked_case_ends_as_the_policy_says",
            "tests/trading/test_quotes.py::test_a_stale_or_halted_asset_is_neither_bought_nor_sold",
        ),
    ),
    Row(
        41,
        "crossed, zero, negative or NaN price; a jump",
        "no such tick is traded by",
        "providers that say anything (hypothesis); recorded frames with one field spoiled",
        control="a jump that the other source has seen too is believed",
        tests=(
            "tests/fx/test_merging.py::test_whatever_providers_say_only_a_sound_price_comes_out",
            "tests/fx/test_board.py::test_a_price_that_is_none_never_gets_on_a_board",
            "tests/fx/test_kraken_stream.py::test_what_is_no_price_is_counted_written_down_and_changes_nothing",
            "tests/fx/test_market.py::test_a_jump_stays_off_the_board_is_counted_once_and_becomes_a_case",
            "tests/fx/test_merging.py::test_a_jump_that_the_other_source_has_seen_too_is_none",
        ),
    ),
    Row(
        42,
        "price moves between quote and execution",
        "honoured until the quote ends, then a new quote",
        "the board moves; the last moment and the one after",
        control="a quote that has ended is refused",
        tests=(
            "tests/trading/test_trades.py::test_the_quoted_price_is_honoured_whatever_the_market_does",
            "tests/trading/test_trades.py::test_a_quote_is_accepted_to_its_last_moment_and_not_at_its_end",
            "tests/trading/test_trades.py::test_an_expired_quote_says_how_to_go_on",
        ),
    ),
    Row(
        43,
        "market closed",
        "a share is sold on chain with its wider spread and haircut, or not at all",
        "holidays, half days, weekends, halts",
        control="in its hours the exchange's price and no haircut of closed hours",
        tests=(
            "tests/fx/test_merging.py::test_with_the_exchange_closed_the_chain_is_left_with_a_wide_spread",
            "tests/fx/test_halts.py::test_a_holiday_is_a_day_in_new_york",
            "tests/fx/test_merging.py::test_a_share_is_priced_by_the_exchange_while_it_is_open",
            "tests/cards/test_decision_properties.py::test_haircuts_of_every_kind_open_and_closed",
            "tests/trading/test_orders.py::test_nothing_is_filled_of_what_may_not_be_traded",
        ),
    ),
    Row(
        44,
        "sale filled in part",
        "nothing is approved above what is secured",
        "coverage against what a sale raises (hypothesis); orders of the house filled in part",
        control=(
            "what counts more than a sale raises is found by the same properties (hypothesis)"
        ),
        tests=(
            "tests/cards/test_decision_properties.py::test_nothing_is_approved_without_coverage",
            "tests/trading/test_waterfall_properties.py::test_coverage_is_a_promise_that_the_sale_keeps",
            "tests/hedging/test_orders.py::test_a_part_comes_first_then_the_rest_of_the_same_order",
            "tests/hedging/test_orders.py::test_an_order_that_was_cut_short_ends_with_its_part",
        ),
        instead=(
            "customers sell to the house, wholly and in the transaction of the decision; only "
            "the house's own orders can be filled in part"
        ),
    ),
    Row(
        45,
        "crash between sale and approval",
        "resumed: the same end, whatever was the last step",
        (
            "the process dies instead of its n-th statement, for every n from tap to reward; "
            "then it is asked again"
        ),
        control=(
            "a sale without its hold, as two transactions would leave it, shows in the "
            "end (test_control_…)"
        ),
        every_commit=True,
        tests=(
            "tests/cards/test_crashes.py::test_a_purchase_that_dies_at_any_step_is_resumed",
            "tests/cards/test_crashes.py::test_control_a_sale_that_is_committed_without_its_hold_shows_in_the_end",
        ),
    ),
    Row(
        46,
        "capture above the authorization, late, several, tip, increment, refund first",
        "the ledger follows the network; an overdraft is named and queued",
        "worked cases; a state machine with repeats and shuffles",
        control="the machine's model, which is checked after each step",
        tests=(
            "tests/cards/test_scenarios.py::test_a_worked_case_ends_as_the_policy_says",
            "tests/cards/test_permutations.py::test_any_order_of_captures_and_refunds_ends_in_the_same_books",
            "tests/cards/test_authorization_machine.py::test_an_authorizations_life",
            "tests/backoffice/test_cases.py::TestEachOddityOpensExactlyOneCase::test_an_overdraft_by_a_capture",
        ),
    ),
    Row(
        47,
        "force capture",
        "posted, and one case",
        "an event without any authorization",
        control=(
            "an authorization that was not seen but fits is no case "
            "(test_an_unseen_authorization_alone_is_none)"
        ),
        tests=(
            "tests/backoffice/test_cases.py::TestEachOddityOpensExactlyOneCase::test_a_force_capture",
            "tests/backoffice/test_cases.py::TestEachOddityOpensExactlyOneCase::test_an_unseen_authorization_alone_is_none",
        ),
    ),
    Row(
        48,
        "a hold reversed or expired twice",
        "released once",
        "any order of events of a life, twice",
        control="the first of the two lowers the hold, and is seen to",
        tests=(
            "tests/cards/test_permutations.py::test_any_order_of_a_life_ends_in_the_same_hold",
            "tests/cards/test_authorization_machine.py::test_an_authorizations_life",
            "tests/sandbox/test_issuer_with_krak.py::test_a_long_stay_shuffled_and_twice_told_ends_in_the_same_books",
            "tests/sandbox/test_issuer_with_krak.py::test_a_hold_is_given_back_when_the_merchant_reverses_or_time_runs_out",
        ),
    ),
    Row(
        49,
        "buying and returning for the reward",
        "clawed back; net nothing",
        "20 rounds; returns in pieces; any order of purchases and returns (hypothesis)",
        control="bought and kept, the reward stays",
        tests=(
            "tests/cards/test_cashback.py::TestOneReward::test_twenty_times_bought_and_returned_is_nothing_at_all",
            "tests/cards/test_cashback.py::TestOneReward::test_a_return_in_pieces_leaves_nobody_a_gain",
            "tests/cards/test_cashback.py::TestOneReward::test_the_same_coins_are_taken_back_whatever_they_are_worth_now",
            "tests/cards/test_cashback.py::test_any_pieces_in_any_order_earn_one_percent_of_what_is_left",
        ),
        instead="20 rounds, not 1,000: what is owed is a function of what is left",
    ),
    Row(
        50,
        "rewards rounded",
        "any pieces together earn one percent of what is left, rounded down once",
        "hypothesis: any split, refunds and orders",
        control="four half dollars earn together what none earns alone",
        tests=(
            "tests/cards/test_cashback.py::test_any_pieces_in_any_order_earn_one_percent_of_what_is_left",
            "tests/cards/test_cashback.py::test_any_permutation_ends_the_same",
            "tests/cards/test_cashback.py::TestOneReward::test_cents_that_no_capture_earns_alone_are_earned_together",
        ),
    ),
    Row(
        51,
        "18 decimals, 10^12 units",
        "exact to the last digit that is kept; what is finer is the house's dust",
        (
            "sums and products in new threads; chain amounts with 18 decimals; a posting finer "
            "than kept"
        ),
        control="Python's default precision loses digits (test_control_…)",
        every_commit=True,
        tests=(
            "tests/core/test_money.py::test_sums_are_exact_in_a_new_thread",
            "tests/core/test_money.py::test_a_product_of_stored_amounts_is_exact_in_a_new_thread",
            "tests/core/test_money.py::test_control_with_pythons_default_precision_a_trillion_units_lose_digits",
            "tests/funding/test_receipts.py::test_what_is_finer_than_an_asset_is_held_is_the_houses",
            "tests/ledger/test_guards.py::test_an_entry_says_early_that_it_does_not_balance",
        ),
    ),
    Row(
        52,
        "two currencies mixed in SQL",
        "refused by the database",
        (
            "postings of another currency than their account, entries that only balance across "
            "currencies"
        ),
        control=("behind the triggers it goes through, and the proof names it (test_tampering_…)"),
        every_commit=True,
        tests=(
            "tests/ledger/test_guards.py::test_a_posting_in_another_currency_than_its_account_is_refused",
            "tests/ledger/test_guards.py::test_currencies_do_not_balance_each_other",
            "tests/core/test_money.py::test_money_of_different_currencies_does_not_add",
        ),
    ),
    Row(
        53,
        "amounts that are none",
        "400 with the field, never 500",
        (
            "NaN, Infinity, exponents, hex, commas, 40 digits, NUL, true at every amount of "
            "every operation"
        ),
        control="a door that takes anything (tests/api/test_leaks.py)",
        every_commit=True,
        tests=(
            "tests/api/test_matrix.py::test_an_amount_is_plain_ascii_text_everywhere",
            "tests/api/test_matrix.py::test_a_body_that_is_no_plain_json_is_a_problem",
            "tests/api/test_strict_parsing.py::test_an_odd_amount_is_a_field_error",
            "tests/api/test_leaks.py::test_a_row_sees_its_fault",
        ),
    ),
    Row(
        54,
        "amounts that other parsers let in",
        "plain ASCII text only",
        (
            "full-width and Arabic digits, underscores, spaces, JSON numbers at every amount of "
            "every operation"
        ),
        control="a door that takes anything (tests/api/test_leaks.py)",
        every_commit=True,
        tests=(
            "tests/api/test_matrix.py::test_an_amount_is_plain_ascii_text_everywhere",
            "tests/api/test_strict_parsing.py::test_an_odd_amount_is_a_field_error",
            "tests/api/test_leaks.py::test_a_row_sees_its_fault",
        ),
    ),
    Row(
        55,
        "dust and zero",
        "each door has its smallest amount and says so",
        "0, the smallest unit, just below and at each minimum",
        control="what is at the minimum is taken",
        tests=(
            "tests/trading/test_quotes.py::test_the_smallest_worth_is_one_dollar_to_the_cent",
            "tests/fx/test_quote_rules.py::test_what_buys_nothing_is_too_small",
            "tests/funding/test_receipts.py::test_below_the_minimum_nothing_is_credited",
            "tests/core/test_idempotency.py::test_a_refusal_leaves_the_key_free",
            "tests/cards/test_scenarios.py::test_a_worked_case_ends_as_the_policy_says",
        ),
    ),
    Row(
        56,
        "ledger rows changed or deleted",
        (
            "refused, TRUNCATE too; the application's role has no right to; behind all that the "
            "chain breaks visibly"
        ),
        "ORM, SQL, and behind the triggers",
        control="behind the triggers it goes through, and the proof names it",
        every_commit=True,
        tests=(
            "tests/ledger/test_guards.py::test_what_happened_cannot_be_changed",
            "tests/ledger/test_guards.py::test_bulk_updates_through_the_orm_are_refused_too",
            "tests/ledger/test_guards.py::test_tampering_behind_the_triggers_breaks_the_chain_visibly",
            "tests/runtime/test_application_role.py::test_history_is_not_the_applications_to_change",
            "tests/runtime/test_application_role.py::test_what_guards_history_is_not_the_applications_to_switch_off",
            "tests/runtime/test_application_role.py::test_the_application_does_all_it_does",
            "tests/runtime/test_application_role.py::test_control_its_owner_is_kept_by_triggers_alone",
        ),
    ),
    Row(
        57,
        "settlement line lost or altered",
        "found by the next run: one case, with its age and owner",
        (
            "one line in ten never comes, one comes with another amount, of 20 purchases at a "
            "fake Stripe"
        ),
        control="of 20 lines only the altered one is a case",
        tests=(
            "tests/cards/test_reconciliation.py::test_all_that_is_lost_of_a_busy_hour_is_found_and_nothing_else",
            "tests/cards/test_reconciliation.py::test_another_amount_is_a_case_and_moves_nothing",
            "tests/cards/test_reconciliation.py::test_what_may_still_be_on_its_way_is_left_alone",
            "tests/backoffice/test_cases.py::test_the_queue_is_what_is_open_oldest_first_with_its_age",
        ),
    ),
    Row(
        58,
        "limits under race",
        "the sum stays within the limit",
        "five withdrawals just under a day's limit, parked on one lock",
        control="as many pass as fit",
        tests=(
            "tests/funding/test_races.py::test_of_many_just_under_the_days_limit_as_many_pass_as_may",
            "tests/trading/test_trades.py::test_a_day_has_a_limit_that_several_quotes_do_not_pass",
            "tests/customers/test_onboarding.py::test_who_moves_to_a_sanctioned_country_may_do_nothing",
        ),
    ),
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
        control="without the event the hold stays as it was",
        tests=(
            "tests/cards/test_adoption.py::test_an_increment_that_we_declined_and_the_network_approved_is_adopted",
            "tests/cards/test_adoption.py::TestARequestAboutSomethingThatHasEnded::test_is_answered_and_holds_and_sells_nothing",
            "tests/cards/test_event_races.py::test_a_request_answered_busy_elsewhere_is_not_approved_here",
            "tests/sandbox/test_issuer_with_krak.py::test_what_the_network_approves_alone_is_adopted",
        ),
    ),
    Row(
        67,
        "huge, deep, non-UTF-8 or double-keyed JSON",
        "400 or 413",
        "mangled requests (hypothesis); odd bodies at every operation",
        control="a door that takes anything (tests/api/test_leaks.py)",
        tests=(
            "tests/cards/test_mangled_requests.py::test_whatever_is_asked_is_answered_or_refused",
            "tests/cards/test_webhook_contract.py::test_a_megabyte_is_too_large",
            "tests/api/test_matrix.py::test_a_body_that_is_no_plain_json_is_a_problem",
            "tests/identity/test_attacks.py::test_an_unreadable_body_is_a_problem",
        ),
        instead="memory is bounded by the size that is read, and was not measured",
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
        "a refusal asks the database nothing",
        control="a signed one does",
        tests=(
            "tests/identity/test_attacks.py::test_webhooks_and_health_ask_nothing_about_who_is_asking",
            "tests/cards/test_webhook_contract.py::test_what_is_not_signed_by_stripe_is_refused",
        ),
        instead="2,000 a second beside taps share the cores that measure; a refusal costs one HMAC",
    ),
    Row(
        70,
        "missed events",
        "found within a quarter of an hour, none missing",
        "one event in ten never comes",
        control="what may still come is left alone",
        tests=(
            "tests/cards/test_reconciliation.py::test_all_that_is_lost_of_a_busy_hour_is_found_and_nothing_else",
            "tests/cards/test_reconciliation.py::test_what_is_lost_is_looked_for_within_a_quarter_of_an_hour",
            "tests/cards/test_reconciliation.py::test_a_whole_purchase_of_which_nothing_arrived",
        ),
    ),
    Row(
        71,
        "somebody else's id",
        "404, the very answer to an id that nobody has",
        "every operation of the schema: ids in paths and bodies, and cursors",
        control="a door that answers about anybody (tests/api/test_leaks.py)",
        every_commit=True,
        tests=(
            "tests/api/test_matrix.py::test_what_is_anothers_is_as_unknown_as_what_is_nobodys",
            "tests/api/test_matrix.py::test_an_operation_on_one_object_has_an_example_of_it",
            "tests/api/test_matrix.py::test_what_a_body_names_is_not_anothers",
            "tests/api/test_matrix.py::test_a_cursor_shows_nobody_elses_rows",
            "tests/api/test_leaks.py::test_a_row_about_two_sees_its_fault",
            "tests/statements/test_statements.py::test_a_statement_over_http_is_its_owners_only",
            "tests/exports/test_exports.py::test_others_exports_are_not_there",
        ),
    ),
    Row(
        72,
        "mass assignment",
        "400 that names the field",
        "balance, owner, is_staff, status, fee in every body",
        control="a door that takes anything (tests/api/test_leaks.py)",
        every_commit=True,
        tests=(
            "tests/api/test_matrix.py::test_a_field_that_nobody_may_set_is_refused_by_name",
            "tests/api/test_matrix.py::test_a_field_that_nobody_may_set_is_refused_inside_too",
            "tests/identity/test_sign_in.py::test_what_is_odd_at_the_sign_up_is_refused",
            "tests/api/test_leaks.py::test_a_row_sees_its_fault",
        ),
    ),
    Row(
        73,
        "answers that tell too much",
        "no card numbers, secrets, raw ids, nothing of others",
        "every operation's answer is scanned",
        control="a door that tells all (tests/api/test_leaks.py)",
        tests=(
            "tests/api/test_matrix.py::test_no_answer_tells_what_is_secret_or_anothers",
            "tests/api/test_leaks.py::test_a_row_about_two_sees_its_fault",
            "tests/api/test_leaks.py::test_secrets_are_recognised",
        ),
    ),
    Row(
        74,
        "customers at doors of staff, ops and the sandbox",
        "401, 403, 404 or 405",
        "all pages of staff, all verbs, all operations",
        control="a door for everybody (tests/api/test_leaks.py)",
        every_commit=True,
        tests=(
            "tests/api/test_matrix.py::test_pages_of_staff_let_no_customer_in",
            "tests/api/test_matrix.py::test_every_door_is_in_the_schema_so_that_it_is_looked_at_here",
            "tests/api/test_matrix.py::test_a_verb_that_is_not_in_the_schema_is_not_served",
            "tests/api/test_matrix.py::test_without_a_token_nobody_is_let_in",
            "tests/api/test_matrix.py::test_a_session_of_staff_is_no_customers",
            "tests/project/test_settings.py::test_outside_the_sandbox_its_addresses_do_not_exist",
            "tests/runtime/test_metrics.py::test_with_a_token_only_who_says_it_is_answered",
            "tests/api/test_leaks.py::test_a_row_sees_its_fault",
        ),
    ),
    Row(
        75,
        "stolen token after sign-out, disabling, new password",
        "dead at once",
        "the token is used again",
        control="before, it is good",
        every_commit=True,
        tests=(
            "tests/identity/test_sign_in.py::test_after_signing_out_the_token_is_dead",
            "tests/identity/test_sign_in.py::test_a_disabled_user_is_out_at_once",
            "tests/identity/test_sign_in.py::test_after_a_new_password_only_the_phone_that_set_it_is_signed_in",
            "tests/identity/test_devices.py::test_an_ended_device_is_out_at_once_and_a_stranger_again",
        ),
    ),
    Row(
        76,
        "refresh token stolen or raced",
        "one winner; what is old ends, and the owner is told",
        "the old session is used after a new password; a new device signs in",
        control="before, it is good",
        every_commit=True,
        tests=(
            "tests/identity/test_sign_in.py::test_after_a_new_password_only_the_phone_that_set_it_is_signed_in",
            "tests/identity/test_devices.py::test_a_new_device_is_told_to_the_customer_and_the_first_is_not",
            "tests/identity/test_devices.py::test_an_access_token_is_listed_and_ended_like_a_device",
        ),
        instead=(
            "there are no refresh tokens: a session is one row, read with each request, so there "
            "is no family and nothing to race for"
        ),
    ),
    Row(
        77,
        "tricks with tokens",
        "401",
        "no algorithm, swapped algorithms, paths for keys, expired, huge, in either header",
        control="the right token is taken",
        tests=(
            "tests/identity/test_attacks.py::test_a_token_that_was_made_up_is_none",
            "tests/api/test_customer_reads.py::test_without_a_good_token_nothing_is_told",
            "tests/api/test_customer_reads.py::test_an_ended_or_expired_token_is_no_token",
            "tests/identity/test_sign_in.py::test_a_session_token_is_taken_in_either_header",
        ),
    ),
    Row(
        78,
        "codes replayed and guessed",
        "once; refused at the sixth",
        "a code twice, also after a flush; six guesses by one, 25 by many",
        control="a fresh code of the owner is taken",
        tests=(
            "tests/identity/test_second_factors.py::test_signing_in_needs_the_code_and_takes_it_once",
            "tests/identity/test_second_factors.py::test_a_flushed_valkey_makes_no_used_code_good_again",
            "tests/identity/test_second_factors.py::test_after_five_wrong_codes_the_right_one_has_to_wait",
            "tests/identity/test_second_factors.py::test_many_strangers_share_one_count_that_the_owner_is_not_in",
        ),
    ),
    Row(
        79,
        "step-up bypassed",
        "403 step_up_required; a proof is for this amount and payee",
        "without, stale, invented, used, for another amount, payee, act or card",
        control="the right proof serves once",
        every_commit=True,
        tests=(
            "tests/funding/test_withdrawals.py::test_nothing_leaves_and_no_destination_is_saved_without_a_proof",
            "tests/funding/test_withdrawals.py::test_a_proof_for_another_amount_or_payee_does_not_serve",
            "tests/identity/test_step_up.py::test_a_stale_proof_does_not_serve",
            "tests/identity/test_step_up.py::test_an_invented_proof_does_not_serve",
            "tests/identity/test_step_up.py::test_the_secrets_of_a_card_need_a_proof",
            "tests/identity/test_second_factors.py::test_a_second_factor_is_enrolled_only_after_signing_in_once_more",
        ),
    ),
    Row(
        80,
        "device binding",
        "refused, and the owner is told of a new device",
        (
            "a proof made by one device and used by another; a passkey signed with another key; "
            "a device that comes back"
        ),
        control="the device that made the proof uses it",
        tests=(
            "tests/identity/test_step_up.py::test_a_proof_is_the_devices_that_made_it",
            "tests/identity/test_second_factors.py::test_a_passkey_of_another_site_or_person_opens_nothing",
            "tests/identity/test_devices.py::test_an_ended_device_is_out_at_once_and_a_stranger_again",
            "tests/identity/test_devices.py::test_a_new_device_is_told_to_the_customer_and_the_first_is_not",
        ),
        instead="a passkey's counter is not judged: those that phones share always say 0",
    ),
    Row(
        81,
        "stuffing and asking who is a customer",
        "limits per account and address; equal answers",
        "passwords, sign-ups and resets for known and unknown addresses",
        control=(
            "the owner's known phone passes where strangers wait; one hash more would "
            "double the time"
        ),
        tests=(
            "tests/identity/test_attacks.py::test_an_answer_does_not_tell_whether_somebody_is_a_customer",
            "tests/identity/test_attacks.py::test_either_answer_costs_one_hash_of_a_password",
            "tests/identity/test_attacks.py::test_ten_passwords_and_then_waiting_whoever_it_is",
            "tests/identity/test_attacks.py::test_a_stranger_does_not_lock_the_owner_out",
            "tests/identity/test_attacks.py::test_nobody_is_flooded_with_mail",
        ),
        instead="time is compared by what it costs the processor; 10,000 sign-ins were not tried",
    ),
    Row(
        82,
        "bursts at a limit",
        "exactly as many as allowed",
        "80 by 16 threads, counted in Valkey and in Postgres",
        control="counted by reading first, sixteen pass instead of five (test_control_…)",
        every_commit=True,
        tests=(
            "tests/core/test_rate_limits.py::test_of_eighty_at_once_exactly_as_many_pass_as_may",
            "tests/core/test_rate_limits.py::test_of_several_all_count_or_none",
            "tests/core/test_rate_limits.py::test_control_counted_by_reading_first_too_many_pass",
        ),
    ),
    Row(
        83,
        "forged headers",
        "believed from our own proxies only",
        "X-Forwarded-For, -Proto, -Host; a request id with line breaks",
        control="what our proxy says is believed",
        tests=(
            "tests/core/test_rate_limits.py::test_only_our_own_proxies_say_where_a_request_is_from",
            "tests/core/test_rate_limits.py::test_forged_headers_are_gone_before_anybody_reads_them",
            "tests/identity/test_attacks.py::test_an_address_cannot_be_forged_to_guess_more",
            "tests/identity/test_attacks.py::test_a_request_id_that_is_none_is_not_repeated",
        ),
    ),
    Row(
        84,
        "requests to inner addresses",
        "no operation takes an address to call",
        "every field of every body",
        control="a field that takes an address is seen",
        tests=(
            "tests/api/test_matrix.py::test_no_operation_takes_an_address_to_call",
            "tests/api/test_leaks.py::test_a_field_that_takes_an_address_is_seen",
        ),
        instead=(
            "there is nothing that calls an address of a customer's: pushes go by FCM's tokens, "
            "files are fetched"
        ),
    ),
    Row(
        85,
        "CSV injection",
        "a formula is text, and reads back as it was",
        "=, +, -, @, tab, return, full-width; hypothesis",
        control="numbers stay as they are",
        every_commit=True,
        tests=(
            "tests/core/test_csv_files.py::test_a_formula_becomes_text",
            "tests/core/test_csv_files.py::test_what_is_written_is_read_back",
            "tests/core/test_csv_files.py::test_numbers_and_words_stay_as_they_are",
            "tests/statements/test_statements.py::test_the_csv_adds_up_by_itself_and_text_is_kept_but_never_run",
        ),
    ),
    Row(
        86,
        "tags that look alike",
        "one form, one skeleton",
        "homoglyphs, zero width, right-to-left, NFKC, emoji, 10,000 letters",
        control="a tag that does not look alike is free",
        tests=(
            "tests/customers/test_tags.py::test_a_tag_has_one_form_or_none",
            "tests/customers/test_tags.py::test_look_alikes_have_one_skeleton",
            "tests/customers/test_tags.py::test_a_look_alike_of_somebodys_tag_is_taken",
            "tests/customers/test_tags.py::test_the_database_refuses_a_look_alike",
        ),
    ),
    Row(
        87,
        "scripts in stored text",
        "inert everywhere",
        ("a payload in every text of every table that the back office shows; its pages are parsed"),
        control="a page that trusts its text is seen (test_control_…)",
        tests=(
            "tests/backoffice/test_stored_scripts.py::test_no_page_runs_what_somebody_wrote",
            "tests/backoffice/test_stored_scripts.py::test_control_a_page_that_trusts_its_text_is_seen",
            "tests/backoffice/test_backoffice.py::test_a_merchants_name_is_text_wherever_it_is_shown",
            "tests/backoffice/test_backoffice.py::test_every_answer_carries_a_policy_and_only_the_admin_may_evaluate",
            "tests/backoffice/test_backoffice.py::test_no_page_needs_an_inline_script",
        ),
        instead="pages are parsed, not run: no Chromium is among the dependencies",
    ),
    Row(
        88,
        "staff who take more than they have",
        "403; nobody approves their own; an approval is of what was shown",
        "change_user, groups, other roles' acts, posts again, content changed between",
        control="what a role may do it does",
        every_commit=True,
        tests=(
            "tests/backoffice/test_roles.py::test_nobody_makes_themselves_a_superuser_or_edits_groups",
            "tests/backoffice/test_roles.py::test_only_finance_proposes_and_only_approvers_approve",
            "tests/backoffice/test_roles.py::test_with_both_roles_one_still_cannot_approve_ones_own",
            "tests/approvals/test_approvals.py::test_nobody_decides_what_they_proposed",
            "tests/approvals/test_approvals.py::test_an_approval_is_of_what_was_shown",
            "tests/approvals/test_approvals.py::test_the_same_person_approving_again_changes_nothing",
            "tests/backoffice/test_audit.py::test_every_table_that_staff_can_edit_is_recorded",
        ),
    ),
    Row(
        89,
        "staff without a second factor, from elsewhere, idle",
        "signed out, or nothing is shown",
        "each",
        control="a session that is used, from where it was, goes on",
        tests=(
            "tests/identity/test_staff.py::test_outside_it_staff_enrol_before_they_see_anything",
            "tests/identity/test_staff.py::test_the_password_alone_opens_nothing_once_a_second_factor_is_there",
            "tests/identity/test_staff.py::test_a_session_that_rested_too_long_or_moved_is_over",
        ),
        instead="nobody can act as a customer: there is no such page",
    ),
    Row(
        90,
        "history altered; erased people; numbers in logs",
        "the chain breaks visibly; the books hold without names; none",
        (
            "rows changed, deleted, put in behind the triggers; a whole life erased; what is "
            "written to logs"
        ),
        control="untouched, nothing is broken",
        tests=(
            "tests/backoffice/test_audit_chain.py::test_what_was_done_to_a_change_is_named_at_its_place",
            "tests/backoffice/test_audit_chain.py::test_a_change_that_is_gone_with_its_link_leaves_a_gap",
            "tests/backoffice/test_audit_chain.py::test_a_whole_end_that_was_taken_out_is_known_by_a_head_of_before",
            "tests/backoffice/test_audit_chain.py::test_a_chain_that_nobody_touched_is_whole_and_says_its_head",
            "tests/backoffice/test_audit.py::test_history_is_neither_changed_nor_escaped",
            "tests/privacy/test_privacy.py::test_after_an_erasure_no_table_names_the_customer_and_the_books_hold",
            "tests/privacy/test_privacy.py::test_everything_about_me_is_in_one_zip_and_nothing_of_anybody_else",
            "tests/core/test_logs.py::test_what_must_not_be_read_in_a_log_is_hidden",
        ),
    ),
)
