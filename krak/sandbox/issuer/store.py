"""Everything the fake knows, in one SQLite file: documents, deliveries, balances, settings.

One connection under one lock: a change is seen whole or not at all, and survives a kill.
A key of a document that begins with `_` is ours and never shown.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

Document = dict[str, Any]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, object TEXT NOT NULL,
    created INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_in_order ON documents (object, created, seq);
CREATE INDEX IF NOT EXISTS documents_of_a_card
    ON documents (json_extract(body, '$.card'), object, created);
CREATE TABLE IF NOT EXISTS balances (
    kind TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (kind, currency)
);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, state TEXT NOT NULL,
    due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due_at, seq);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER, body TEXT
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
TABLES: Final = ("documents", "balances", "deliveries", "answers", "settings")


class Store:
    """The file; `None` keeps everything in memory."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        # Transactions are opened by hand, and the lock makes the threads take turns.
        self._db = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None
        )
        self._lock = threading.RLock()
        self.changed = threading.Condition(self._lock)
        self._depth = 0
        if path is not None:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)
        # A request that was being answered when the last process died may be sent again.
        self._db.execute("DELETE FROM answers WHERE status IS NULL")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """Change several things as one; inside another change this is part of it."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")
                self.changed.notify_all()

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # --- Documents -------------------------------------------------------------------------------
    def find(self, kind: str, stripe_id: str) -> Document | None:
        """Return a document, or None."""
        rows = self.query("SELECT body FROM documents WHERE id = ? AND object = ?", stripe_id, kind)
        return json.loads(rows[0][0]) if rows else None

    def find_any(self, stripe_id: str) -> Document | None:
        """Return the document of an id, whatever it is."""
        rows = self.query("SELECT body FROM documents WHERE id = ?", stripe_id)
        return json.loads(rows[0][0]) if rows else None

    def add(self, document: Document) -> Document:
        """Keep a new document."""
        self.query(
            "INSERT INTO documents (id, object, created, body) VALUES (?, ?, ?, ?)",
            document["id"],
            document["object"],
            document["created"],
            json.dumps(document),
        )
        return document

    def save(self, document: Document) -> Document:
        """Keep a document as it is now."""
        self.query(
            "UPDATE documents SET body = ? WHERE id = ?", json.dumps(document), document["id"]
        )
        return document

    def select(
        self,
        kind: str,
        where: Mapping[str, Any] | None = None,
        *,
        created: Mapping[str, int] | None = None,
        beside: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """Return documents whose fields equal `where` (or one of a list), the newest first.

        `created` bounds their time (`gt`, `gte`, `lt`, `lte`); `beside` is ("older" or "newer", id)
        and returns those next to a document, still the newest first.
        """
        clauses = ["object = ?"]
        values: list[Any] = [kind]
        for name, value in (where or {}).items():
            field = f"json_extract(body, '$.{name}')"
            if isinstance(value, list):
                clauses.append(f"{field} IN ({', '.join('?' * len(value))})")
                values += value
            else:
                clauses.append(f"{field} {'GLOB' if '*' in str(value) else '='} ?")
                values.append(value)
        for name, bound in (created or {}).items():
            clauses.append(f"created {_SIGNS[name]} ?")
            values.append(bound)
        backwards = beside is not None and beside[0] == "newer"
        if beside is not None:
            clauses.append(_NEWER if backwards else _OLDER)
            values.append(beside[1])
        order = "ASC" if backwards else "DESC"
        rows = self.query(
            f"SELECT body FROM documents WHERE {' AND '.join(clauses)}"  # noqa: S608 - ours alone
            f" ORDER BY created {order}, seq {order} LIMIT ?",
            *values,
            -1 if limit is None else limit,
        )
        found = [json.loads(row[0]) for row in rows]
        return found[::-1] if backwards else found

    # --- Settings --------------------------------------------------------------------------------
    def setting(self, name: str, default: Any = None) -> Any:
        """Return a setting."""
        rows = self.query("SELECT value FROM settings WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else default

    def set(self, name: str, value: Any) -> None:
        """Keep a setting."""
        self.query(
            "INSERT INTO settings (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            json.dumps(value),
        )

    def forget_everything(self) -> None:
        """Empty all tables."""
        for table in TABLES:
            self.query(f"DELETE FROM {table}")  # noqa: S608 - names of ours


_OLDER: Final = "(created, seq) < (SELECT created, seq FROM documents WHERE id = ?)"
_NEWER: Final = "(created, seq) > (SELECT created, seq FROM documents WHERE id = ?)"
_SIGNS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
