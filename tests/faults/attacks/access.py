"""Attacks on the API, sessions and the back office: strangers, thieves and staff."""

from tests.faults.row import Row

ACCESS: tuple[Row, ...] = (
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
