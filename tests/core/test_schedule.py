"""One run per job and slot, whoever asks, however often, whatever dies."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import strategies as st

from krak.core.clock import now as clock_now
from krak.core.ids import uuid7
from krak.core.schedule import services
from krak.core.schedule.models import Run
from krak.core.schedule.rules import slot_of
from krak.core.schedule.services import go_on, run_once
from krak.core.transactions import transaction

SLOT = datetime(2026, 11, 18, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def tick(work, **more):
    return run_once(work, **{"job": "test", "slot": SLOT, "now": SLOT, **more})


def test_slots_begin_on_the_hour_and_on_the_day():
    at = datetime(2026, 11, 18, 12, 34, 56, 789, tzinfo=UTC)

    assert slot_of(at, HOUR) == SLOT
    assert slot_of(at, timedelta(minutes=5)) == SLOT.replace(minute=30)
    assert slot_of(at, timedelta(days=1)) == SLOT.replace(hour=0)
    assert slot_of(SLOT, HOUR) == SLOT


@given(
    st.integers(0, 4 * 10**9).map(lambda s: datetime.fromtimestamp(s, UTC)), st.integers(1, 10**6)
)
def test_a_moment_lies_in_its_slot(at, seconds):
    every = timedelta(seconds=seconds)
    slot = slot_of(at, every)

    assert slot <= at < slot + every
    assert slot_of(slot, every) == slot


@pytest.mark.django_db
def test_a_slot_is_done_once_and_the_next_one_again():
    done = []

    first = tick(lambda: done.append(1))
    again = tick(lambda: done.append(2))
    next_slot = tick(lambda: done.append(3), slot=SLOT + HOUR)
    another_job = tick(lambda: done.append(4), job="test.other")

    assert (first, again, next_slot, another_job) == (True, False, True, True)
    assert done == [1, 3, 4]
    assert Run.objects.filter(finished_at=None).count() == 0


@pytest.mark.django_db
def test_a_run_that_failed_says_why_and_is_tried_again():
    def fail():
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        tick(fail)
    failed = Run.objects.get()
    assert (failed.attempts, failed.last_error, failed.running_until, failed.finished_at) == (
        1, "ValueError: no luck", None, None,
    )  # fmt: skip

    assert tick(lambda: None)
    run = Run.objects.get()
    assert (run.attempts, run.last_error, run.running_until) == (2, "", None)
    assert run.finished_at is not None


@pytest.mark.django_db
def test_a_run_that_died_is_tried_again_when_its_time_is_over():
    class Killed(BaseException):
        pass

    def die():
        raise Killed

    with pytest.raises(Killed):
        tick(die)
    assert not tick(lambda: None)

    Run.objects.update(running_until=clock_now() - timedelta(seconds=1))
    assert tick(lambda: None)


def piece(work, **more):
    return go_on(work, **{"job": "test", "slot": SLOT, "now": SLOT, **more})


@pytest.mark.django_db
def test_a_long_job_goes_on_where_it_was_and_begins_anew_when_it_has_ended():
    seen = []

    def work(bookmark):
        seen.append(bookmark)
        return {"": "a", "a": "b", "b": ""}[bookmark]

    assert piece(work)
    # The next hour has come, and the slot of the last one is not over yet.
    assert piece(work, slot=SLOT + HOUR)
    assert piece(work, slot=SLOT + HOUR)
    assert seen == ["", "a", "b"]
    run = Run.objects.get()
    assert (run.slot, run.attempts, run.running_until) == (SLOT, 3, None)
    assert run.finished_at is not None

    assert not piece(work)
    assert piece(work, slot=SLOT + HOUR)
    assert seen[3:] == [""]


@pytest.mark.django_db
def test_a_piece_that_failed_is_done_again():
    def fail(_bookmark):
        raise ValueError("no luck")

    piece(lambda _bookmark: "a")
    with pytest.raises(ValueError, match="no luck"):
        piece(fail)
    assert Run.objects.get().last_error == "ValueError: no luck"

    def work(bookmark):
        assert bookmark == "a"
        return ""

    assert piece(work)
    assert Run.objects.get().last_error == ""


@pytest.mark.django_db
def test_while_a_piece_is_done_nobody_else_does_one():
    def during(_bookmark):
        assert not piece(lambda _bookmark: "")
        return ""

    assert piece(during)


def test_of_two_clocks_at_the_same_moment_one_does_the_work(committed):
    job, started, may_end, done = f"test.{uuid7()}", threading.Event(), threading.Event(), []

    def slow():
        started.set()
        assert may_end.wait(5)
        done.append("first")

    def first_clock():
        try:
            answers.append(tick(slow, job=job))
        finally:
            connection.close()

    answers: list[bool] = []
    thread = threading.Thread(target=first_clock)
    thread.start()
    assert started.wait(5)
    second = tick(lambda: done.append("second"), job=job)
    may_end.set()
    thread.join(5)
    third = tick(lambda: done.append("third"), job=job)

    assert (answers, second, third, done) == ([True], False, False, ["first"])


def test_twelve_clocks_at_once_run_each_slot_once(committed):
    job, together, done = f"test.{uuid7()}", threading.Barrier(12), []

    def clock():
        try:
            together.wait(5)
            for number in range(20):
                slot = SLOT + number * HOUR
                tick(lambda slot=slot: done.append(slot), job=job, slot=slot)
        finally:
            connection.close()

    threads = [threading.Thread(target=clock) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(done) == [SLOT + number * HOUR for number in range(20)]


@pytest.mark.django_db
def test_a_second_row_for_a_slot_is_refused_by_the_database():
    tick(lambda: None)

    with pytest.raises(IntegrityError, match="a_job_has_one_run_per_slot"):
        Run.objects.create(job="test", slot=SLOT, started_at=SLOT)


@pytest.mark.django_db
def test_a_finished_run_that_is_still_running_is_refused_by_the_database():
    with pytest.raises(IntegrityError, match="a_run_is_not_both_running_and_finished"):
        Run.objects.create(
            job="test", slot=SLOT, started_at=SLOT, running_until=SLOT, finished_at=SLOT
        )


@pytest.mark.django_db
def test_old_runs_are_dropped():
    tick(lambda: None)
    tick(lambda: None, slot=SLOT + HOUR)

    with transaction():
        services.purge(now=SLOT + services.KEPT + HOUR / 2)

    assert [run.slot for run in Run.objects.all()] == [SLOT + HOUR]
