"""Google on a local socket: the endpoint of access tokens, and that of messages.

It checks each assertion's signature and claims by the public key, knows the access tokens it gave,
shows on each phone what FCM would (a notification replaces the one of its tag), and misbehaves on
request.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PROJECT = "krak-app"
ACCOUNT = "pushes@krak-app.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""Of every assertion, wherever the endpoint is."""
SEND = f"/v1/projects/{PROJECT}/messages:send"


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_of_account(url: str) -> str:
    """Return what Google hands out for a service account."""
    pem = private_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps({
        "type": "service_account", "project_id": PROJECT, "private_key_id": "k1",
        "private_key": pem.decode(), "client_email": ACCOUNT, "token_uri": f"{url}/token",
    })  # fmt: skip


@dataclass(frozen=True)
class Canned:
    """An answer instead of the usual one."""

    status: int
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def failure(status: int, name: str, message: str, code: str = "", **headers: str) -> Canned:
    """Return a failure as FCM writes it; `code` is FCM's own."""
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if code:
        kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
        error["details"] = [{"@type": kind, "errorCode": code}]
    return Canned(status, {"error": error}, {k.replace("_", "-"): v for k, v in headers.items()})


UNREGISTERED = failure(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED")
NO_TOKEN = "The registration token is not a valid FCM registration token"
MALFORMED = failure(400, "INVALID_ARGUMENT", NO_TOKEN, "INVALID_ARGUMENT")


class FakeGoogle:
    """What it was asked, what phones show, and how it should misbehave."""

    def __init__(self) -> None:
        self.url = ""
        self.lifetime = 3600
        self.given: list[str] = []
        """Access tokens, in their order."""
        self.revoked: set[str] = set()
        self.messages: list[dict[str, Any]] = []
        """What was taken, in its order."""
        self.asked = 0
        """How often it was to send a message."""
        self.screens: dict[str, dict[str, tuple[str, str]]] = {}
        """By phone's token and tag: what is to be read."""
        self.gone: set[str] = set()
        """Phones' tokens that are no more."""
        self.next_tokens: list[Canned] = []
        self.next_sends: list[Canned] = []
        self.silent_after = 0
        """So many messages are shown, and the answer does not come in time."""
        self.over = threading.Event()
        self._lock = threading.Lock()

    @property
    def key(self) -> str:
        return key_of_account(self.url)

    def answer(self, path: str, headers: Any, body: bytes) -> Canned | None:
        """Return an answer, or None if it is not to come in time."""
        with self._lock:
            if path == "/token":
                return self.next_tokens.pop(0) if self.next_tokens else self._token(body)
            assert path == SEND, path
            self.asked += 1
            if self.next_sends:
                return self.next_sends.pop(0)
            answered = self._send(headers, json.loads(body))
            if self.silent_after:
                self.silent_after -= 1
                return None
            return answered

    def _token(self, body: bytes) -> Canned:
        form = {name: value for name, (value,) in parse_qs(body.decode()).items()}
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        try:
            claims = jwt.decode(
                form["assertion"], private_key().public_key(), algorithms=["RS256"],
                audience=AUDIENCE, issuer=ACCOUNT,
                options={"require": ["iat", "exp", "iss", "aud"]},
            )  # fmt: skip
        except jwt.InvalidTokenError as error:
            return Canned(400, {"error": "invalid_grant", "error_description": str(error)})
        assert jwt.get_unverified_header(form["assertion"])["kid"] == "k1"
        assert claims["scope"] == SCOPE
        assert claims["exp"] - claims["iat"] <= 3600
        self.given.append(f"ya29.fake-{len(self.given) + 1}")
        return Canned(200, {
            "access_token": self.given[-1], "expires_in": self.lifetime, "token_type": "Bearer",
        })  # fmt: skip

    def _send(self, headers: Any, body: dict[str, Any]) -> Canned:
        token = headers["Authorization"].removeprefix("Bearer ")
        if token not in self.given or token in self.revoked:
            return failure(401, "UNAUTHENTICATED", "Request had invalid authentication credentials")
        (message,) = body.values()
        assert set(body) == {"message"}
        assert all(isinstance(value, str) for value in message["data"].values())
        if message["token"] in self.gone:
            return UNREGISTERED
        tag = message["android"]["notification"]["tag"]
        assert message["apns"]["headers"]["apns-collapse-id"] == tag
        assert len(tag.encode()) <= 64
        shown = message["notification"]
        self.screens.setdefault(message["token"], {})[tag] = (shown["title"], shown["body"])
        self.messages.append(message)
        return Canned(200, {"name": f"projects/{PROJECT}/messages/{len(self.messages)}"})


@contextmanager
def running() -> Iterator[FakeGoogle]:
    """Serve on a loopback port within a block."""
    fake = FakeGoogle()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = fake.answer(self.path, self.headers, body)
            if answer is None:
                fake.over.wait(10)
                self.close_connection = True
                return
            said = answer.body
            content = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
