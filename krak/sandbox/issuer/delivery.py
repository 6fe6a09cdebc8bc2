"""Webhooks: signed, at least once, tried again with growing pauses; and spoilt on demand.

The faults, all off at first, are settings under `faults`:

- `duplicates`: how many more times each event is delivered,
- `delay_seconds`: how much later,
- `shuffle_seconds`: within what time its deliveries fall, at random,
- `drop_every`: each k-th event is never delivered,
- `hold`: events wait until they are released by hand.
"""

import http.client
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

from krak.sandbox.issuer.posting import Post
from krak.sandbox.issuer.store import Document, Store

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 60.0
KEPT_TRYING_SECONDS: Final = 3 * 24 * 3600.0
ANSWER_SECONDS: Final = 10.0
WAITING, HELD, DELIVERED, DROPPED, GIVEN_UP = "waiting", "held", "delivered", "dropped", "given up"


def pause_after(attempts: int) -> float:
    """Return the seconds until a delivery that failed `attempts` times is tried again."""
    return float(min(FIRST_PAUSE_SECONDS * 2 ** min(attempts - 1, 16), LONGEST_PAUSE_SECONDS))


class Courier:
    """Delivers events to the ordinary endpoint, one after the other, in a thread of its own."""

    def __init__(self, store: Store, *, secret: str, timers: Callable[[], float | None]) -> None:
        """Deliver what `store` has waiting; `timers` does what is due and says when it is next."""
        self._store, self._secret, self._timers = store, secret, timers
        self._url = ""
        self._post: Post | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop delivering; what is left waits for the next start."""
        with self._store.changed:
            self._stopping = True
            self._store.changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=ANSWER_SECONDS + 1)

    def point_to(self, url: str) -> None:
        """Deliver to another endpoint from now on; what waits is tried there at once."""
        with self._store.change():
            self._url = url
            self._store.query("UPDATE deliveries SET due_at = 0 WHERE state = ?", WAITING)

    def enqueue(self, event: Document) -> None:
        """Have an event delivered, as the faults in force want it."""
        faults = self._store.setting("faults", {})
        count = self._store.setting("events", 0) + 1
        self._store.set("events", count)
        if (every := faults.get("drop_every")) and count % every == 0:
            self._insert(event["id"], DROPPED, 0)
            return
        for _ in range(1 + faults.get("duplicates", 0)):
            late = faults.get("delay_seconds", 0.0)
            late += random.random() * faults.get("shuffle_seconds", 0.0)  # noqa: S311 - disorder
            self._insert(event["id"], HELD if faults.get("hold") else WAITING, time.time() + late)

    def again(self, event_id: str) -> None:
        """Deliver an event once more."""
        self._insert(event_id, WAITING, time.time())

    def _insert(self, event_id: str, state: str, due_at: float) -> None:
        self._store.query(
            "INSERT INTO deliveries (event, state, due_at) VALUES (?, ?, ?)",
            event_id,
            state,
            due_at,
        )

    def release(self, *, order: str, events: Sequence[str] | None, seed: int | None) -> int:
        """Deliver what is held: `given`, `reversed` or `shuffled`, or `events` in their order."""
        held = self._store.query(
            "SELECT seq, event FROM deliveries WHERE state = ? ORDER BY seq", HELD
        )
        if events is not None:
            held = [row for wanted in events for row in held if row[1] == wanted]
        elif order == "reversed":
            held.reverse()
        elif order == "shuffled":
            random.Random(seed).shuffle(held)  # noqa: S311 - disorder, no secret
        began = time.time()
        for place, (seq, _event) in enumerate(held):
            self._store.query(
                "UPDATE deliveries SET state = ?, due_at = ? WHERE seq = ?",
                WAITING,
                began + place * 1e-6,
                seq,
            )
        return len(held)

    def counts(self) -> dict[str, int]:
        """Return how many deliveries are in each state; `pending` counts those on their way."""
        found = dict(self._store.query("SELECT state, count(*) FROM deliveries GROUP BY state"))
        return {
            "pending": found.get(WAITING, 0),
            "held": found.get(HELD, 0),
            "delivered": found.get(DELIVERED, 0),
            "dropped": found.get(DROPPED, 0),
            "given_up": found.get(GIVEN_UP, 0),
        }

    def wait_until_delivered(self, *, seconds: float) -> None:
        """Return once nothing is on its way, or when the time is up."""
        with self._store.changed:
            self._store.changed.wait_for(lambda: not self.counts()["pending"], timeout=seconds)

    def _run(self) -> None:
        while (found := self._next()) is not None:
            seq, event_id, attempts, url = found
            try:
                failure = self._deliver(event_id, url)
            except Exception as problem:  # noqa: BLE001 - the courier must live
                failure = f"{type(problem).__name__}: {problem}"
            with self._store.change():
                self._record(seq, event_id, attempts + 1, failure)

    def _next(self) -> tuple[int, str, int, str] | None:
        """Wait for a delivery that is due; None once it is time to stop."""
        with self._store.changed:
            while not self._stopping:
                try:
                    timer = self._timers()
                except Exception as problem:  # noqa: BLE001 - the courier must live
                    sys.stderr.write(f"issuer: a timer failed: {problem!r}\n")
                    timer = 1.0
                rows = self._store.query(
                    "SELECT seq, event, attempts, due_at FROM deliveries"
                    " WHERE state = ? ORDER BY due_at, seq LIMIT 1",
                    WAITING,
                )
                pauses = [3600.0] if timer is None else [timer]
                if rows and self._url:
                    seq, event_id, attempts, due_at = rows[0]
                    if due_at <= time.time():
                        return seq, event_id, attempts, self._url
                    pauses.append(due_at - time.time())
                self._store.changed.wait(timeout=max(min(pauses), 0.001))
        return None

    def _deliver(self, event_id: str, url: str) -> str:
        """Post an event; return what went wrong, "" if nothing did."""
        event = self._store.find("event", event_id)
        if event is None:
            return ""
        if self._post is None or self._post.url != url:
            if self._post is not None:
                self._post.close()
            self._post = Post(url, timeout=ANSWER_SECONDS)
        try:
            answer = self._post.signed({**event, "pending_webhooks": 1}, secret=self._secret)
        except (OSError, http.client.HTTPException) as problem:
            return f"{type(problem).__name__}: {problem}"
        return "" if answer.status == HTTPStatus.OK else str(answer.status)

    def _record(self, seq: int, event_id: str, attempts: int, failure: str) -> None:
        state, due_at = WAITING, time.time() + pause_after(attempts)
        event: dict[str, Any] | None = self._store.find("event", event_id)
        if not failure:
            state = DELIVERED
            if event is not None:
                event["pending_webhooks"] = 0
                self._store.save(event)
        elif event is None or time.time() - event["_emitted_at"] > KEPT_TRYING_SECONDS:
            state = GIVEN_UP
        self._store.query(
            "UPDATE deliveries SET state = ?, due_at = ?, attempts = ?, answer = ? WHERE seq = ?",
            state,
            due_at,
            attempts,
            failure,
            seq,
        )
