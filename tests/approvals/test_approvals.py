"""What one proposes another must approve: once, what they saw, and never one's own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections
from django.db import transaction as django_transaction
from hypothesis import given
from hypothesis import strategies as st

from krak.approvals import registry, services
from krak.approvals.models import Proposal
from krak.approvals.registry import carries_out
from krak.approvals.rules import Proposed, State, content_hash
from krak.approvals.tasks import expire
from krak.cases.models import Case
from krak.cases.services import ReasonMissing, open_case
from krak.core.ids import uuid7
from krak.core.transactions import transaction
from krak.customers.models import User
from tests.races import other_session, wait_for_blocked  # noqa: F401 - a fixture
from tests.staff import browser, staff

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MAY_PROPOSE, MAY_APPROVE = "cases.change_case", "cases.add_case"
KIND = "tests.case"


def _turned_down(*, proposed: Proposed, now: datetime) -> None:
    open_case(kind="turned down", subject=str(proposed.id), customer_id=None, now=now)


@carries_out(
    KIND, title="A case", propose=MAY_PROPOSE, approve=MAY_APPROVE, turned_down=_turned_down
)
def _open(*, proposed: Proposed, now: datetime) -> str:
    if proposed.payload["refuse"]:
        raise ReasonMissing
    open_case(
        kind="approved", subject=str(proposed.id), customer_id=None, now=now,
        people=[str(proposed.proposed_by), str(proposed.decided_by)],
    )  # fmt: skip
    return f"case:{proposed.id}"


def propose(by: User, *, now: datetime = NOON, **payload: Any) -> Proposal:
    with transaction():
        return services.propose(
            kind=KIND, subject="BTC", payload={"refuse": False, "number": str(uuid7())} | payload,
            reason="because", by=by, now=now,
        )  # fmt: skip


def approve(proposal: Proposal, by: User, *, now: datetime = NOON, **changed: Any) -> Proposal:
    asked = {"content_hash": proposal.content_hash, "note": "looked right"} | changed
    return services.approve(proposal_id=proposal.id, by=by, now=now, **asked)


def effects(proposal: Proposal) -> list[str]:
    return list(Case.objects.filter(subject=str(proposal.id)).values_list("kind", flat=True))


@pytest.fixture
def maker(db: None) -> User:
    return staff(MAY_PROPOSE)


@pytest.fixture
def checker(db: None) -> User:
    return staff(MAY_APPROVE)


# --- Content and its hash -------------------------------------------------------------------------
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), _PLAIN, max_size=4))
def test_the_order_of_names_does_not_matter_to_the_hash(payload: dict[str, Any]) -> None:
    turned = dict(reversed(payload.items()))

    assert content_hash(kind="k", subject="s", payload=turned) == content_hash(
        kind="k", subject="s", payload=payload
    )


def test_kind_subject_and_payload_do_not_run_into_each_other() -> None:
    contents: list[tuple[str, str, dict[str, Any]]] = [
        ("a", "bc", {}), ("ab", "c", {}), ("a", "b", {"c": ""}), ("a", "b", {"c": None}),
        ("a", "b", {"c": "1"}), ("a", "b", {"c": 1}),
    ]  # fmt: skip

    assert len({content_hash(kind=k, subject=s, payload=p) for k, s, p in contents}) == 6


@pytest.mark.parametrize("value", [0.1, {"deep": [1.5]}, {1: "x"}, NOON])
def test_what_has_no_one_way_to_be_written_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        content_hash(kind="k", subject="s", payload={"value": value})


def test_a_kind_is_carried_out_by_one_function() -> None:
    with pytest.raises(ValueError, match="two functions"):
        carries_out(KIND, title="", propose="", approve="")(lambda **_: "")


# --- Two people -----------------------------------------------------------------------------------
def test_an_approval_carries_out_what_was_proposed(maker: User, checker: User) -> None:
    proposal = propose(maker)
    assert effects(proposal) == []

    approve(proposal, checker, now=NOON + DAY)

    kept = Proposal.objects.get(id=proposal.id)
    assert (kept.state, kept.decided_by, kept.decided_at) == (State.APPROVED, checker, NOON + DAY)
    assert (kept.decision_note, kept.outcome) == ("looked right", f"case:{proposal.id}")
    case = Case.objects.get(subject=str(proposal.id))
    assert case.details["people"] == [str(maker.pk), str(checker.pk)]


def test_the_same_person_approving_again_changes_nothing(maker: User, checker: User) -> None:
    proposal = propose(maker)

    first, second = approve(proposal, checker), approve(proposal, checker, note="again")

    assert (second.decision_note, second.outcome) == (first.decision_note, first.outcome)
    assert effects(proposal) == ["approved"]
    with pytest.raises(services.AlreadyDecided):
        approve(proposal, staff(MAY_APPROVE))


@pytest.mark.parametrize("superuser", [False, True])
def test_nobody_decides_what_they_proposed(db: None, superuser: bool) -> None:
    both = staff(MAY_PROPOSE, MAY_APPROVE, superuser=superuser)
    proposal = propose(both)

    with pytest.raises(services.OwnProposal):
        approve(proposal, both)
    with pytest.raises(services.OwnProposal):
        services.reject(proposal_id=proposal.id, by=both, note="no", now=NOON)
    assert Proposal.objects.get(id=proposal.id).state == State.PROPOSED
    assert effects(proposal) == []


def test_rights_are_needed_on_both_sides(maker: User, checker: User) -> None:
    proposal = propose(maker)
    customer = User.objects.create_user("somebody@krak.example")
    customer.user_permissions.set(checker.user_permissions.all())

    for nobody in (staff(MAY_PROPOSE), staff(), customer):
        with pytest.raises(services.NotAllowed):
            approve(proposal, nobody)
    with pytest.raises(services.NotAllowed):
        propose(checker)
    with pytest.raises(services.NotAllowed):
        services.withdraw(proposal_id=proposal.id, by=checker, now=NOON)


def test_an_approval_is_of_what_was_shown(maker: User, checker: User) -> None:
    proposal, other = propose(maker), propose(maker)

    for digest in ("", "0" * 64, other.content_hash):
        with pytest.raises(services.ContentChanged):
            approve(proposal, checker, content_hash=digest)
    assert effects(proposal) == []


@pytest.mark.parametrize("words", ["", "  \n", "x" * 501])
def test_both_say_why(maker: User, checker: User, words: str) -> None:
    proposal = propose(maker)

    with pytest.raises(services.WordsMissing):
        approve(proposal, checker, note=words)
    with pytest.raises(services.WordsMissing):
        services.reject(proposal_id=proposal.id, by=checker, note=words, now=NOON)
    with pytest.raises(services.WordsMissing), transaction():
        services.propose(kind=KIND, subject="", payload={}, reason=words, by=maker, now=NOON)


def test_a_refusal_of_what_carries_it_out_leaves_it_open(maker: User, checker: User) -> None:
    proposal = propose(maker, refuse=True)

    with pytest.raises(ReasonMissing):
        approve(proposal, checker)

    assert Proposal.objects.get(id=proposal.id).state == State.PROPOSED


def test_what_is_turned_down_is_undone_once(maker: User, checker: User) -> None:
    rejected, withdrawn, overdue = propose(maker), propose(maker), propose(maker)

    for _ in range(2):
        services.reject(proposal_id=rejected.id, by=checker, note="no", now=NOON)
        services.withdraw(proposal_id=withdrawn.id, by=maker, now=NOON)
    assert services.expire(now=NOON + 7 * DAY - timedelta(microseconds=1)) == 0
    assert services.expire(now=NOON + 7 * DAY) == 1
    expire()

    rows = [Proposal.objects.get(id=each.id) for each in (rejected, withdrawn, overdue)]
    assert [row.state for row in rows] == [State.REJECTED, State.WITHDRAWN, State.EXPIRED]
    assert [row.decided_by for row in rows] == [checker, maker, None]
    for each in rows:
        assert effects(each) == ["turned down"]
        with pytest.raises(services.AlreadyDecided):
            approve(each, checker)


def test_an_overdue_proposal_is_not_approved(maker: User, checker: User) -> None:
    proposal = propose(maker)

    with pytest.raises(services.AlreadyDecided):
        approve(proposal, checker, now=NOON + 7 * DAY)


def test_the_same_is_proposed_once_at_a_time(maker: User, checker: User) -> None:
    first = propose(maker, number="1")

    assert propose(maker, number="1") == first
    with pytest.raises(services.AlreadyProposed):
        propose(staff(MAY_PROPOSE), number="1")
    services.withdraw(proposal_id=first.id, by=maker, now=NOON)
    assert propose(maker, number="1") != first


def test_what_is_not_there_cannot_be_decided(checker: User) -> None:
    with pytest.raises(services.ProposalNotFound):
        services.reject(proposal_id=uuid7(), by=checker, note="no", now=NOON)


# --- Around the services --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("SET payload = '{}'", "content of a proposal does not change"),
        ("SET subject = 'ETH'", "content of a proposal does not change"),
        ("SET reason = 'other'", "content of a proposal does not change"),
        ("SET expires_at = now()", "content of a proposal does not change"),
        ("SET content_hash = repeat('0', 64)", "content of a proposal does not change"),
        ("SET proposed_by_id = gen_random_uuid()", "content of a proposal does not change"),
        (
            (
                "SET state = 'APPROVED', decided_by_id = proposed_by_id, decided_at = now(),"
                " decision_note = 'mine'"
            ),
            "nobody_decides_what_they_proposed",
        ),
        ("SET state = 'APPROVED'", "a_decision_has_a_decider_a_time_and_a_note"),
        (
            "SET state = 'REJECTED', decided_by_id = %(other)s, decided_at = now()",
            "a_decision_has_a_decider_a_time_and_a_note",
        ),
        (
            "SET state = 'WITHDRAWN', decided_by_id = %(other)s, decided_at = now()",
            "a_decision_has_a_decider_a_time_and_a_note",
        ),
        (
            "SET state = 'EXPIRED', decided_by_id = %(other)s, decided_at = now()",
            "a_decision_has_a_decider_a_time_and_a_note",
        ),
        ("SET state = 'GONE'", "a_decision_has_a_decider_a_time_and_a_note"),
    ],
)
def test_the_database_keeps_what_was_proposed(
    maker: User, checker: User, statement: str, sentence: str
) -> None:
    proposal = propose(maker)
    with (
        pytest.raises(IntegrityError, match=sentence),
        django_transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"UPDATE approvals_proposal {statement} WHERE id = %(id)s",
            {"id": proposal.id, "other": checker.pk},
        )


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE approvals_proposal SET state = 'PROPOSED'", "decided once"),
        ("UPDATE approvals_proposal SET outcome = 'other'", "decided once"),
        ("DELETE FROM approvals_proposal", "not deleted"),
        ("TRUNCATE approvals_proposal CASCADE", "not deleted"),
    ],
)  # fmt: skip
def test_the_database_keeps_what_was_decided(
    maker: User, checker: User, statement: str, sentence: str
) -> None:
    approve(propose(maker), checker)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (
        pytest.raises(IntegrityError, match=sentence),
        django_transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_proposal_begins_undecided(maker: User, checker: User) -> None:
    with pytest.raises(IntegrityError, match="begins undecided"), django_transaction.atomic():
        Proposal.objects.create(
            kind=KIND, subject="BTC", payload={}, reason="because", content_hash="0" * 64,
            proposed_by=maker, proposed_at=NOON, expires_at=NOON + DAY, state=State.APPROVED,
            decided_by=checker, decided_at=NOON, decision_note="fine",
        )  # fmt: skip


# --- Races ----------------------------------------------------------------------------------------
@pytest.fixture
def two_checkers(committed: None) -> tuple[Proposal, list[User]]:
    return propose(staff(MAY_PROPOSE)), [staff(MAY_APPROVE), staff(MAY_APPROVE)]


def test_of_two_who_approve_at_once_one_has_the_effect(
    two_checkers: tuple[Proposal, list[User]],
    other_session: Any,  # noqa: F811
) -> None:
    proposal, people = two_checkers
    other_session.execute(
        "SELECT 1 FROM approvals_proposal WHERE id = %s FOR NO KEY UPDATE", [proposal.id]
    )
    refusals: list[Exception] = []
    lock = threading.Lock()

    def decide(by: User) -> None:
        try:
            approve(proposal, by)
        except services.AlreadyDecided as refusal:
            with lock:
                refusals.append(refusal)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(decide, person) for person in people]
        wait_for_blocked(other_session, 2)
        other_session.rollback()
        for each in asked:
            each.result()

    assert len(refusals) == 1
    assert effects(proposal) == ["approved"]


# --- In the back office ---------------------------------------------------------------------------
PAGES = pytest.mark.filterwarnings("ignore:Overriding get_action_choices")


def _page(proposal: Proposal, action: str = "change") -> str:
    return f"/admin/approvals/proposal/{proposal.id}/{action}/"


@PAGES
def test_the_checker_reads_it_in_words_and_approves_with_a_note(maker: User) -> None:
    window = browser(staff("approvals.view_proposal", MAY_APPROVE))
    proposal = propose(maker, number="<script>7</script>", now=datetime.now(UTC))

    listed = window.get("/admin/approvals/proposal/").content.decode()
    shown = window.get(_page(proposal)).content.decode()
    asked = window.get(_page(proposal, "decide"))

    assert "A case" in listed
    assert "&lt;script&gt;7" in shown
    assert "<script>7" not in shown
    assert asked.context["form"].initial == {"content_hash": proposal.content_hash}
    form = {"content_hash": proposal.content_hash, "note": "", "approve": "1"}
    assert window.post(_page(proposal, "decide"), form).status_code == 200
    assert effects(proposal) == []
    form["note"] = "looked right"
    assert window.post(_page(proposal, "decide"), form)["Location"] == _page(proposal)
    assert effects(proposal) == ["approved"]
    # Sent again, as a browser or an attacker may.
    assert window.post(_page(proposal, "decide"), form).status_code == 403
    assert effects(proposal) == ["approved"]


@PAGES
def test_a_hash_of_something_else_is_refused_at_the_door(maker: User) -> None:
    window = browser(staff("approvals.view_proposal", MAY_APPROVE))
    proposal, other = propose(maker, now=datetime.now(UTC)), propose(maker)

    form = {"content_hash": other.content_hash, "note": "fine", "approve": "1"}
    answer = window.post(_page(proposal, "decide"), form)

    assert "This is not what was shown" in answer.content.decode()
    assert Proposal.objects.get(id=proposal.id).state == State.PROPOSED


@PAGES
def test_the_maker_may_only_withdraw(db: None) -> None:
    maker = staff("approvals.view_proposal", superuser=True)
    proposal = propose(maker, now=datetime.now(UTC))
    window = browser(maker)

    form = {"content_hash": proposal.content_hash, "note": "mine", "approve": "1"}
    assert window.post(_page(proposal, "decide"), form).status_code == 403
    assert window.get(_page(proposal, "withdraw")).status_code == 200
    assert window.post(_page(proposal, "withdraw"), {"withdraw": "1"}).status_code == 302
    assert Proposal.objects.get(id=proposal.id).state == State.WITHDRAWN


@PAGES
def test_reading_a_proposal_is_not_deciding_it(maker: User, checker: User) -> None:
    proposal = propose(maker)
    form = {"content_hash": proposal.content_hash, "note": "fine", "reject": "1"}

    for person in (staff("approvals.view_proposal"), staff()):
        assert browser(person).post(_page(proposal, "decide"), form).status_code == 403
    assert browser(checker).get(_page(proposal)).status_code == 403
    assert (
        browser(User.objects.create_user("c@krak.example")).get(_page(proposal)).status_code == 302
    )
    assert Proposal.objects.get(id=proposal.id).state == State.PROPOSED


@PAGES
def test_what_waits_comes_first(maker: User, checker: User) -> None:
    done, second, first = propose(maker), propose(maker), propose(maker, now=NOON - DAY)
    approve(done, checker)
    window = browser(staff("approvals.view_proposal"))

    rows = list(window.get("/admin/approvals/proposal/").context["cl"].result_list)

    assert rows == [first, second, done]
    assert registry.kind_of(KIND).title == "A case"
