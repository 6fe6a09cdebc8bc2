"""What must hold for an operation, one function a row; each fails where it does not."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.test import Client

from krak.api.openapi import METHODS
from krak.api.parsing import AMOUNT
from krak.core.ids import uuid7
from tests.api.schema import Operation, resolved, schema
from tests.api.world import EXAMPLES, IN_BODIES, UNKNOWN, World, address_of

ODD_AMOUNTS: list[Any] = [
    "NaN", "Infinity", "1e400", "1E+30", "0x10", "1,000", "9" * 40, True, 1.1, 5,
    "\uff11\uff12.5", "\u0663", "1_000", " 5 ", "+5", ".5", "5.", "", [], {},
]  # fmt: skip
CALLED = re.compile(r"(^|_)(ur[il]|callback|webhook|host|endpoint|link)($|_)")
NEVER_TAKEN = ("balance", "owner", "customer", "is_staff", "status", "fee")
ODD_BODIES = {
    "a key twice": b'{"odd": 1, "odd": 2}',
    "NUL": b'{"odd": "\\u0000"}',
    "no UTF-8": b'{"odd": "\xff"}',
    "deep": b"[" * 20_000,
    "huge": b'{"odd": "' + b"x" * 600_000 + b'"}',
    "no JSON": b"{",
    "NaN": b'{"odd": NaN}',
}
RAW_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?!@)", re.IGNORECASE
)
DIGITS = re.compile(r"(?<![\w.])[2-6]\d{12,18}(?!\w)")
SECRETS = re.compile(r"(sk|rk|whsec)_(test|live|sandbox)_?\w*|pbkdf2_|argon2|-----BEGIN|Traceback")


@dataclass(frozen=True)
class Sent:
    """How an operation was answered."""

    status: int
    text: str
    type: str
    replayed: bool = False

    @property
    def body(self) -> Any:
        return json.loads(self.text)


def send(
    operation: Operation,
    world: World,
    *,
    body: Any = None,
    of: str = "",
    token: str | None = "",
    method: str = "",
    key: str | None = "",
    proof: str = "",
) -> Sent:
    """Send an operation about something that is there, with a good body unless another is given."""
    path = operation.path
    for name in operation.names:
        path = path.replace(f"{{{name}}}", of or world.id(address_of(operation)))
    if body is None:
        body = good_body(operation, world)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if key is None else {"Idempotency-Key": key or str(uuid7())}
    if proof:
        headers["Step-Up"] = proof
    if token is not None:
        headers["Authorization"] = f"Bearer {token or world.known.token}"
    needed = "&".join(
        f"{each['name']}=BTC"
        for each in operation.about["parameters"]
        if each["in"] == "query" and each.get("required")
    )
    answer = Client(raise_request_exception=False).generic(
        (method or operation.method).upper(),
        f"{path}?{needed}",
        content if operation.body or isinstance(body, bytes) else b"",
        content_type="application/json",
        headers=headers,
    )
    text = answer.content.decode(errors="replace")  # some are PDF
    return Sent(
        answer.status_code,
        text,
        answer.headers.get("Content-Type", ""),
        answer.headers.get("Idempotent-Replayed") == "true",
    )


def good_body(operation: Operation, world: World) -> Any:
    """Return the example of its body, about what is there."""
    body = copy.deepcopy(operation.example)
    for name in set(IN_BODIES) & set(body if isinstance(body, dict) else ()):
        named = IN_BODIES[name](world)
        body[name] = [{"tag": named}] if name == "shares" else named
    return body


# --- Rows ----------------------------------------------------------------------------------------


def needs_a_token(operation: Operation, world: World) -> None:
    answer = send(operation, world, token=None)

    assert answer.status == 401, answer
    assert answer.type == "application/problem+json"


def has_an_example_object(operation: Operation) -> None:
    address = address_of(operation)
    assert address in EXAMPLES, f"say in tests/api/world.py what there is at {address}"


def is_hidden_from_others(operation: Operation, world: World, stranger: World) -> None:
    has_an_example_object(operation)
    its = world.id(address_of(operation))
    prefix, separator, _letters = its.rpartition("_")
    unknown = f"{prefix}_{UNKNOWN}" if separator else "XAU"
    stranger_token = stranger.known.token

    theirs = send(operation, world, of=its, token=stranger_token)
    nobodys = send(operation, world, of=unknown, token=stranger_token)
    own = send(operation, world, of=its)

    assert (theirs.status, nobodys.status) == (404, 404), (theirs, nobodys)
    assert _told(theirs, its) == _told(nobodys, unknown)
    assert own.status != 404, f"the example is none: {own}"


def _told(answer: Sent, shown_id: str) -> str:
    return json.dumps(answer.body | {"request_id": ""}).replace(shown_id, "…")


def takes_no_unknown_field(operation: Operation, world: World) -> None:
    known = resolved(operation.body["schema"])["properties"] if operation.body else {}
    unknown = {name: "1" for name in NEVER_TAKEN if name not in known}

    answer = send(operation, world, body=good_body(operation, world) | unknown)

    assert answer.status == 400, answer
    refused = {each["field"] for each in answer.body["errors"] if each["code"] == "unknown"}
    assert refused >= set(unknown), answer


def objects_of(body: Any) -> Iterator[dict[str, Any]]:
    """Return every object within a body, the outermost left out."""
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    for each in inner:
        if isinstance(each, dict):
            yield each
        yield from objects_of(each)


def takes_no_unknown_field_inside(operation: Operation, world: World) -> None:
    for number in range(len(list(objects_of(good_body(operation, world))))):
        body = good_body(operation, world)
        list(objects_of(body))[number]["is_staff"] = True
        answer = send(operation, world, body=body)
        assert answer.status == 400, answer


def takes_no_address(operation: Operation) -> None:
    """Refuse a field that names where to call: what is called is not a customer's to say."""
    for name, described in _fields(operation.body["schema"] if operation.body else {}):
        assert described.get("format") not in {"uri", "hostname", "ipv4", "ipv6"}, name
        assert not CALLED.search(name), name


def _fields(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    described = resolved(described)
    for name, inner in described.get("properties", {}).items():
        yield name, resolved(inner)
        yield from _fields(inner)
    if "items" in described:
        yield from _fields(described["items"])


def takes_nothing_of_others(operation: Operation, world: World, stranger: World, name: str) -> None:
    """Answer to another's object that a body names as to one that nobody has."""
    its = IN_BODIES[name](world)
    unknown = f"{its.rpartition('_')[0]}_{UNKNOWN}"
    body = good_body(operation, stranger)

    own, theirs, nobodys = (
        _proved(operation, stranger, body | {name: named}) for named in (body[name], its, unknown)
    )

    assert theirs.status == nobodys.status != own.status, (own, theirs, nobodys)
    assert _told(theirs, its) == _told(nobodys, unknown)


def _proved(operation: Operation, world: World, body: Any) -> Sent:
    """Send it, and again with the proof that it asks for."""
    answer = send(operation, world, body=body)
    if answer.status != 403 or answer.body["code"] != "identity.step_up_required":
        return answer
    facts = answer.body["facts"]
    proof = world.known.proof(facts["action"], **facts["subject"])
    return send(operation, world, body=body, proof=proof)


def pages_are_ones_own(operation: Operation, world: World, stranger: World) -> bool:
    """Show nothing of another's by their cursor; tell whether they had one."""
    first = world.known.get(f"{operation.path}?page_size=1").json()
    following = first.get("next")
    if not following:
        return False
    for client in (stranger, world):
        answer = client.known.get(following)
        assert answer.status_code == 200, answer.content
        text = answer.content.decode()
        assert not [each for each in world.ids if each in text and client is stranger], text
    return True


def amounts_of(operation: Operation) -> list[tuple[Any, ...]]:
    """Return where in a body amounts stand: keys, and 0 for the first of a list."""
    return list(_amounts(operation.body["schema"])) if operation.body else []


def _amounts(described: dict[str, Any], at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    described = resolved(described)
    if described.get("pattern") == f"^{AMOUNT.pattern}$":
        yield at
    for name, inner in described.get("properties", {}).items():
        yield from _amounts(inner, (*at, name))
    if isinstance(inner := described.get("additionalProperties"), dict):
        yield from _amounts(inner, (*at, "BTC"))
    if "items" in described:
        yield from _amounts(described["items"], (*at, 0))


def takes_no_odd_amount(operation: Operation, world: World, at: tuple[Any, ...]) -> None:
    field = ".".join(str(key) for key in at).replace(".0", "[0]")
    # One parser reads them all: each place is tried with some, and by all places each is tried.
    first = sum(f"{operation} {field}".encode()) % 3
    for odd in ODD_AMOUNTS[first::3]:
        body = good_body(operation, world)
        _put(body, at, odd)
        answer = send(operation, world, body=body)
        assert answer.status == 400, (odd, answer)
        assert field in [each["field"] for each in answer.body["errors"]], (odd, answer)


def _put(body: Any, at: tuple[Any, ...], value: Any) -> None:
    for key, following in pairwise(at):
        if isinstance(key, str):
            body = body.setdefault(key, [{}] if following == 0 else {})
        else:
            body = body[key]
    body[at[-1]] = value


def takes_no_odd_body(operation: Operation, world: World) -> None:
    for name, body in ODD_BODIES.items():
        answer = send(operation, world, body=body)
        assert answer.status in {400, 413}, (name, answer)
        assert answer.type == "application/problem+json", (name, answer)


def happens_once(operation: Operation, world: World) -> None:
    """Refuse without a key where one is needed; with one, answer a repeat as the first time."""
    body, key = good_body(operation, world), str(uuid7())
    if operation.needs_key:
        keyless = send(operation, world, body=body, key=None)
        assert (keyless.status, keyless.body["code"]) == (400, "idempotency.key_required"), keyless

    first = send(operation, world, body=body, key=key)
    if first.status == 403 and first.body["code"] == "identity.step_up_required":
        facts = first.body["facts"]
        proof = world.known.proof(facts["action"], **facts["subject"])
        first = send(operation, world, body=body, key=key, proof=proof)
    again = send(operation, world, body=body, key=key)

    assert first.status in {200, 201, 202}, first
    assert (again.status, again.body, again.replayed) == (first.status, first.body, True), again
    if operation.body:
        other = send(operation, world, body=body | {"note": "another"}, key=key)
        assert other.status in {400, 422}, other


def lets_in_nobody_unverified(operation: Operation, world: World) -> None:
    answer = send(operation, world, token=world.newcomer)

    assert answer.status in {403, 404, 422}, answer


def takes_no_other_verb(operation: Operation, world: World) -> None:
    for method in (*METHODS, "options", "trace"):
        if method not in schema()["paths"][operation.path]:
            answer = send(operation, world, method=method, body=b"{}")
            assert answer.status in {403, 404, 405}, (method, answer)


def tells_nothing_secret(operation: Operation, world: World, stranger: World) -> None:
    answer = send(operation, world)

    assert answer.status < 500, answer
    assert not RAW_ID.search(answer.text), answer
    assert not SECRETS.search(answer.text), answer
    assert settings.SECRET_KEY not in answer.text
    assert not [digits for digits in DIGITS.findall(answer.text) if _is_card_number(digits)], answer
    others = [stranger.known.token, stranger.known.customer.user.email, *stranger.ids]
    assert not [each for each in others if each in answer.text], answer


def _is_card_number(digits: str) -> bool:
    """Tell whether the last digit checks the others, as in the number of a card (Luhn)."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(digits[::-1])]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
