"""A phone with the app on it: speaks to the API over HTTP and to nothing else."""

import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import connection
from django.test import Client

from krak.core import clock
from krak.core.outbox import services as outbox

PASSWORD = "correct-horse-battery"
CODE = re.compile(r"^[A-Z]{4}-[A-Z]{4}$", re.MULTILINE)


def fresh_email() -> str:
    return f"{secrets.token_hex(8)}@people.example"


def fresh_address() -> str:
    """Return an address of its own, so that tests do not use up each other's tries."""
    return ".".join(["10", *(str(secrets.randbelow(250) + 1) for _ in range(3))])


def totp(secret: str, step: int = 0) -> str:
    """Return the code of an authenticator app, `step` periods from now."""
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))
    return code


def after_commit() -> None:
    """Do what a library left for the commit, which a test's own transaction never comes to."""
    waiting, connection.run_on_commit = connection.run_on_commit, []
    for _savepoints, callback, _robust in waiting:  # type: ignore[misc]
        callback()


@dataclass
class Phone:
    """What an app keeps: its session token and, for good, its device token."""

    email: str = field(default_factory=fresh_email)
    password: str = PASSWORD
    address: str = field(default_factory=fresh_address)
    agent: str = "Krak/1.0 (iPhone; iOS 20)"
    session: str = ""
    device: str = ""
    secret: str = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send JSON, keep the tokens of the answer, and return it."""
        sent = {"User-Agent": self.agent, **headers}
        if self.session:
            sent.setdefault("X-Session-Token", self.session)
        if self.device:
            sent.setdefault("Device-Token", self.device)
        response = self.send(method, path, b"" if body is None else json.dumps(body).encode(), sent)
        if "Device-Token" in response.headers:
            self.device = response.headers["Device-Token"]
        if response.content and "json" in response.headers["Content-Type"]:
            answer = response.json()
            meta = answer.get("meta") if isinstance(answer, dict) else None
            self.session = (meta or {}).get("session_token", self.session)
        return response

    def send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> Any:
        """Send it to the Krak of this process."""
        response = Client(REMOTE_ADDR=self.address).generic(
            method, path, content, content_type="application/json", headers=headers
        )
        after_commit()
        return response

    def settle(self) -> None:
        """Let all promised work be done."""
        outbox.drain(now=clock.now())

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body or {}, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.ask("PUT", path, body, **headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.ask("PATCH", path, body)

    def delete(self, path: str, body: Any = None) -> Any:
        return self.ask("DELETE", path, body)

    # --- Flows -----------------------------------------------------------------------------------

    def mails(self, to: str = "") -> list[dict[str, Any]]:
        """Return the mails to this person, newest first."""
        self.settle()
        found = self.get(f"/v1/sandbox/mails?to={quote(to or self.email)}").json()
        mails: list[dict[str, Any]] = found["results"]
        return mails

    def code(self, to: str = "") -> str:
        """Return the code of the newest mail."""
        found = CODE.search(self.mails(to)[0]["text"])
        assert found
        return found[0]

    def sign_up(self, **told: str) -> "Phone":
        """Make an account and verify its address."""
        response = self.post(
            "/v1/auth/signup",
            {"email": self.email, "password": self.password, "country": "DE", "name": "Ada"} | told,
        )
        assert response.status_code == 401, response.content
        response = self.post("/v1/auth/email/verify", {"key": self.code()})
        assert response.status_code == 200, response.content
        return self

    def log_in(self, password: str = "") -> Any:
        """Sign in with the password."""
        self.session = ""
        return self.post(
            "/v1/auth/login", {"email": self.email, "password": password or self.password}
        )

    def other(self, **changed: str) -> "Phone":
        """Return another phone of the same person, at another address."""
        return Phone(email=self.email, password=self.password, secret=self.secret, **changed)

    def reauthenticate(self) -> Any:
        return self.post("/v1/auth/reauthenticate", {"password": self.password})

    def enrol_totp(self) -> "Phone":
        """Add an authenticator app."""
        assert self.reauthenticate().status_code == 200
        page = "/v1/account/authenticators/totp"
        self.secret = self.get(page).json()["meta"]["secret"]
        response = self.post(page, {"code": totp(self.secret)})
        assert response.status_code == 200, response.content
        return self

    def accept_terms(self) -> "Phone":
        ids = [each["id"] for each in self.get("/v1/terms").json()["results"]]
        assert self.post("/v1/terms/accept", {"ids": ids}).status_code == 200
        return self

    def verify(self, level: int = 1, last_name: str = "Lovelace", **documents: str) -> Any:
        """Tell who they are, hand in, and return how it stands."""
        told = {
            "first_name": "Ada",
            "last_name": last_name,
            "born_on": "1990-12-10",
            "tax_residences": [{"country": "DE", "tin": "12 345 678 901"}],
        }
        assert self.patch("/v1/me", told).status_code in {200, 409}
        begun = self.post("/v1/verifications", {"level": level}).json()
        handed_in = self.post(
            f"/v1/verifications/{begun['id']}/submit",
            {"documents": [{"kind": k, "reference": r} for k, r in documents.items()]},
        )
        assert handed_in.status_code == 200, handed_in.content
        self.settle()
        return self.get(f"/v1/verifications/{begun['id']}").json()
