"""Webhooks arrive at least once, and as badly as a test wants; nothing is forgotten."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from krak.runtime.processes import free_port
from krak.sandbox.issuer.client import Deliveries, deliveries_of
from krak.sandbox.issuer.delivery import LONGEST_PAUSE_SECONDS, pause_after
from tests.issuer import FakeIssuer, Recorder, client_of, recording, running_issuer, slowly
from tests.sandbox.conftest import ADDRESS

NOTHING = {"pending": 0, "held": 0, "delivered": 0, "dropped": 0, "given_up": 0}


def _make(issuer: FakeIssuer, count: int = 1) -> list[str]:
    """Return the ids of the events of as many new top-ups."""
    for amount in range(1, count + 1):
        issuer.v1.topups.create({"amount": amount, "currency": "usd"})
    return [event.id for event in issuer.v1.events.list({"limit": count})][::-1]


def _arrived(issuer: FakeIssuer, recorder: Recorder) -> list[str]:
    issuer.control.delivered()
    return [event["id"] for event in recorder.told]


def test_events_arrive_once_in_order_as_they_were_made(
    issuer: FakeIssuer, recorder: Recorder
) -> None:
    made = _make(issuer, 5)

    assert _arrived(issuer, recorder) == made
    assert issuer.control.deliveries() == NOTHING | {"delivered": 5}
    assert recorder.told[0]["pending_webhooks"] == 1
    assert issuer.v1.events.retrieve(made[0]).pending_webhooks == 0
    assert not [name for event in recorder.told for name in event if name.startswith("_")]


def test_what_arrived_is_told_from_what_did_not(issuer: FakeIssuer, recorder: Recorder) -> None:
    issuer.control.faults(drop_every=2)
    arrived, dropped = _make(issuer, 2)
    issuer.control.delivered()

    def listed(*, delivered: bool) -> list[str]:
        return [each.id for each in issuer.v1.events.list({"delivery_success": delivered})]

    assert (listed(delivered=True), listed(delivered=False)) == ([arrived], [dropped])


def test_a_delivery_is_tried_until_it_is_taken(issuer: FakeIssuer, recorder: Recorder) -> None:
    recorder.refusals += [500, 400]
    [event] = _make(issuer)
    while issuer.control.deliveries()["pending"] == 0:
        pass
    assert deliveries_of(issuer.url) == Deliveries(pending=1, ever=1)

    assert _arrived(issuer, recorder) == [event] * 3
    assert len({text for _path, text, _signature in recorder.signatures}) == 1
    assert deliveries_of(issuer.url) == Deliveries(pending=0, ever=1)


def test_an_issuer_that_takes_long_to_answer_may_have_something_on_its_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert deliveries_of(url).pending == 1
    assert deliveries_of(url).pending == 0


def test_pauses_grow_to_a_minute() -> None:
    assert [pause_after(n) for n in (1, 2, 3, 8, 9, 100)] == [0.25, 0.5, 1, 32, 60, 60]
    assert LONGEST_PAUSE_SECONDS == 60


def test_an_endpoint_that_comes_late_gets_everything(issuer: FakeIssuer) -> None:
    issuer.control.point_to("http://127.0.0.1:9")
    made = _make(issuer, 3)

    with recording() as late:
        issuer.control.point_to(late.url)

        assert sorted(_arrived(issuer, late)) == sorted(made)
        issuer.control.point_to("")


def test_duplicates(issuer: FakeIssuer, recorder: Recorder) -> None:
    issuer.control.faults(duplicates=2)
    first, second = _make(issuer, 2)

    assert sorted(_arrived(issuer, recorder)) == sorted([first, second] * 3)
    issuer.control.faults()
    [third] = _make(issuer)
    assert _arrived(issuer, recorder).count(third) == 1


def test_a_shuffle(issuer: FakeIssuer, recorder: Recorder) -> None:
    issuer.control.faults(shuffle_seconds=0.3)
    made = _make(issuer, 12)

    arrived = _arrived(issuer, recorder)

    assert sorted(arrived) == sorted(made)
    # One order in 479,001,600 is the one they were made in.
    assert arrived != made


def test_a_delay(issuer: FakeIssuer, recorder: Recorder) -> None:
    issuer.control.faults(delay_seconds=0.15)
    began = time.monotonic()
    _make(issuer)

    assert len(_arrived(issuer, recorder)) == 1
    assert time.monotonic() - began >= 0.15


def test_every_third_event_is_lost_but_still_known(issuer: FakeIssuer, recorder: Recorder) -> None:
    issuer.control.faults(drop_every=3)
    made = _make(issuer, 7)

    assert _arrived(issuer, recorder) == [made[0], made[1], made[3], made[4], made[6]]
    assert issuer.control.deliveries() == NOTHING | {"delivered": 5, "dropped": 2}
    assert issuer.v1.events.retrieve(made[2]).type == "topup.created"
    issuer.control.deliver(made[2])
    assert _arrived(issuer, recorder)[-1] == made[2]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"order": "given"}, [0, 1, 2, 3]),
        ({"order": "reversed"}, [3, 2, 1, 0]),
        ({"order": "shuffled", "seed": 3}, None),
    ],
)
def test_what_is_held_is_released_in_an_order(
    issuer: FakeIssuer, recorder: Recorder, asked: dict[str, Any], expected: list[int] | None
) -> None:
    issuer.control.faults(hold=True)
    made = _make(issuer, 4)
    assert _arrived(issuer, recorder) == []
    assert issuer.control.deliveries() == NOTHING | {"held": 4}

    assert issuer.control.release(**asked) == 4

    order = [made.index(event) for event in _arrived(issuer, recorder)]
    assert sorted(order) == [0, 1, 2, 3]
    if expected is not None:
        assert order == expected


def test_events_are_released_one_by_one(issuer: FakeIssuer, recorder: Recorder) -> None:
    issuer.control.faults(hold=True)
    first, second, third = _make(issuer, 3)

    assert issuer.control.release(events=[third, first]) == 2

    assert _arrived(issuer, recorder) == [third, first]
    assert issuer.control.deliveries() == NOTHING | {"held": 1, "delivered": 2}
    assert issuer.control.release() == 1
    assert _arrived(issuer, recorder)[-1] == second


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "faults", {"colour": 1}),
        ("PUT", "faults", {"duplicates": -1}),
        ("PUT", "faults", {"duplicates": "2"}),
        ("PUT", "faults", {"hold": 1}),
        ("PUT", "rules", {"unanswered": "maybe"}),
        ("PUT", "balance", {"amount": 1, "currency": "jpy"}),
        ("PUT", "balance", {}),
        ("POST", "cards", {"id": "ic_1"}),
        ("POST", "cards", {"id": "ic_1", "cardholder": "ich_1", "currency": "usd", "status": "x"}),
        ("POST", "topups/tu_1", {"outcome": "lost"}),
        ("POST", "deliveries/release", {"order": "random"}),
    ],
)
def test_a_control_call_that_makes_no_sense_is_refused(
    issuer: FakeIssuer, method: str, path: str, body: dict[str, Any]
) -> None:
    answer = httpx.request(method, f"{issuer.url}/_issuer/{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert issuer.control.deliveries() == NOTHING
    assert httpx.post(f"{issuer.url}/_issuer/nothing").status_code == 404
    assert httpx.put(f"{issuer.url}/_issuer/faults", content=b"[1]").status_code == 400


def test_a_card_of_kraks_is_imported_once(issuer: FakeIssuer, recorder: Recorder) -> None:
    card = {
        "id": "ic_krak", "cardholder": "ich_krak", "currency": "eur", "last4": "0042",
        "status": "active",
    }  # fmt: skip

    first = issuer.control.import_card(**card)
    second = issuer.control.import_card(**card | {"last4": "9999"})

    assert first == second
    seen = issuer.v1.issuing.cards.retrieve("ic_krak")
    assert (seen.cardholder.id, seen.currency, seen.last4) == ("ich_krak", "eur", "0042")
    made = issuer.v1.test_helpers.issuing.authorizations.create({"card": "ic_krak", "amount": 1})
    assert (made.approved, made.currency, made.cardholder) == (True, "eur", "ich_krak")
    assert [event["type"] for event in recorder.told][:1] in ([], ["issuing_authorization.created"])


def test_where_no_issuer_is_nothing_is_on_its_way(recorder: Recorder) -> None:
    for address in ("", "http://127.0.0.1:9", recorder.url, "nonsense"):
        assert deliveries_of(address) == Deliveries()


# --- Restarts ------------------------------------------------------------------------------------
def test_a_restart_keeps_everything_and_delivers_what_was_left(tmp_path: Path) -> None:
    state = tmp_path / "issuer.sqlite3"
    with running_issuer(state=state) as before:
        before.control.balance(12_345)
        topup = before.v1.topups.create(
            {"amount": 5, "currency": "usd"}, {"idempotency_key": "once"}
        )

    with recording() as endpoint, running_issuer(state=state, webhooks=endpoint.url) as after:
        assert after.v1.topups.retrieve(topup.id) == topup
        again = after.v1.topups.create(
            {"amount": 5, "currency": "usd"}, {"idempotency_key": "once"}
        )
        assert again.id == topup.id
        assert after.v1.balance.retrieve().issuing.available[2].amount == 12_345
        after.control.delivered()
        assert endpoint.kinds() == ["topup.created"]


def _eventually[T](look: Callable[[], T]) -> T:
    deadline = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


TAP = """
import httpx, sys
asked, headers = {"card": sys.argv[2], "amount": 700}, {"Authorization": "Bearer sk_test_own"}
httpx.post(sys.argv[1], data=asked, headers=headers)
"""


def test_a_process_that_is_killed_while_it_asks_decides_when_it_is_back(tmp_path: Path) -> None:
    port, environment = free_port(), {**os.environ, "STRIPE_API_KEY": "sk_test_own"}
    command = [
        sys.executable, "-m", "krak.sandbox.issuer",
        "--port", str(port), "--state", str(tmp_path / "issuer.sqlite3"),
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    issuing: Any = client_of(url, "sk_test_own").v1

    def is_up() -> bool:
        try:
            return httpx.get(f"{url}/_issuer/deliveries").is_success
        except httpx.HTTPError:
            return False

    with recording() as endpoint:
        endpoint.decide = slowly({"approved": True}, seconds=1)
        started = [*command, "--webhooks", endpoint.url]
        first = subprocess.Popen(started, env=environment)
        _eventually(is_up)
        cardholder = issuing.issuing.cardholders.create(
            {"name": "Jenny", "billing": {"address": ADDRESS}}
        )
        card = issuing.issuing.cards.create(
            {
                "cardholder": cardholder.id,
                "currency": "usd",
                "type": "virtual",
                "status": "active",
            }
        )
        address = f"{url}/v1/test_helpers/issuing/authorizations"
        asking = subprocess.Popen(
            [
                sys.executable,
                "-c",
                TAP,
                address,
                card.id,
            ],
            stderr=subprocess.DEVNULL,
        )
        _eventually(lambda: endpoint.asked)
        first.kill()
        first.wait()
        asking.wait()

        second = subprocess.Popen(started, env=environment)
        try:
            _eventually(is_up)
            [made] = issuing.issuing.authorizations.list()
            assert (made.status, made.amount, made.pending_request) == ("closed", 700, None)
            assert made.request_history[0].reason == "webhook_timeout"
            httpx.get(f"{url}/_issuer/deliveries?wait=10", timeout=15)
            assert "issuing_authorization.created" in endpoint.kinds()
        finally:
            second.send_signal(signal.SIGTERM)
            assert second.wait(10) == 0
