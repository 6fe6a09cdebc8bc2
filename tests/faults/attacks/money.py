"""Attacks on money and prices: more than there is, twice, at a wrong price."""

from tests.faults.row import Row
from tests.faults.trials import attackers

MONEY: tuple[Row, ...] = (
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
        control=(
            "both are seen to wait for the lock; without the table's rule what is not there is "
            "set aside (test_control_without_its_rule_…)"
        ),
        tests=(
            "tests/funding/test_races.py::test_a_tap_and_a_withdrawal_never_spend_one_holding_twice",
            "tests/funding/test_withdrawals.py::test_cards_see_what_is_set_aside_as_gone",
            "tests/ledger/test_guards.py::test_control_without_its_rule_the_database_lets_somebody_below_zero",
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
            "a cent more than a sale raises is found by the same property (hypothesis, "
            "test_control_…)"
        ),
        tests=(
            "tests/cards/test_decision_properties.py::test_nothing_is_approved_without_coverage",
            "tests/trading/test_waterfall_properties.py::test_coverage_is_a_promise_that_the_sale_keeps",
            "tests/trading/test_waterfall_properties.py::test_control_a_cent_more_than_is_covered_without_a_haircut_is_not_kept",
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
        control="told twice under two names it ends in other books (test_control_…)",
        tests=(
            "tests/cards/test_scenarios.py::test_a_worked_case_ends_as_the_policy_says",
            "tests/cards/test_permutations.py::test_any_order_of_captures_and_refunds_ends_in_the_same_books",
            "tests/cards/test_permutations.py::test_control_what_is_told_twice_under_two_names_ends_in_other_books",
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
        control="a life that lacks one event ends with another hold (test_control_…)",
        tests=(
            "tests/cards/test_permutations.py::test_any_order_of_a_life_ends_in_the_same_hold",
            "tests/cards/test_permutations.py::test_control_a_life_that_lacks_an_event_ends_elsewhere",
            "tests/cards/test_authorization_machine.py::test_an_authorizations_life",
            "tests/sandbox/test_issuer_with_krak.py::test_a_long_stay_shuffled_and_twice_told_ends_in_the_same_books",
            "tests/sandbox/test_issuer_with_krak.py::test_a_hold_is_given_back_when_the_merchant_reverses_or_time_runs_out",
        ),
    ),
    Row(
        49,
        "buying and returning for the reward",
        "clawed back; net nothing",
        "1,000 times in ten wallets; returns in pieces; in any order (hypothesis)",
        "bought and kept, the reward stays",
        attackers.rewards_are_farmed,
        tests=(
            "tests/cards/test_cashback.py::TestOneReward::test_twenty_times_bought_and_returned_is_nothing_at_all",
            "tests/cards/test_cashback.py::TestOneReward::test_a_return_in_pieces_leaves_nobody_a_gain",
            "tests/cards/test_cashback.py::TestOneReward::test_the_same_coins_are_taken_back_whatever_they_are_worth_now",
            "tests/cards/test_cashback.py::test_any_pieces_in_any_order_earn_one_percent_of_what_is_left",
        ),
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
)
