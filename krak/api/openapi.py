"""What every operation of the schema has in common, written once for those that are yet to come.

Runs after drf-spectacular has collected the views: refusals by status with an example for each
code, the headers of every answer, ETags of what is polled, and an example where none was written.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from krak.api import examples
from krak.api.problems import MEDIA_TYPE, OF_FRAMEWORK, RETRYABLE, STATUS
from krak.core.errors import DomainError

VERSION: Final = "2026-12-01"
"""Of the API, on every answer: the newest date of CHANGELOG.md."""

NAMES: Final = {
    400: "Invalid",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    413: "TooLarge",
    415: "NotJson",
    422: "Refused",
    429: "TooMany",
    500: "Broken",
    503: "Unavailable",
}
WORDS: Final = {
    400: "The request cannot be read; `errors` names each field.",
    401: "There is no token, or one that has ended.",
    403: "It takes something first: a step-up, a verification, accepted terms. `facts.next` says"
    " where.",
    404: "There is no such thing, or it is another customer's.",
    405: "This address does not take that method.",
    406: "Answers are JSON.",
    409: "It is being done, or was done, in another way.",
    413: "The body is too large.",
    415: "Bodies are JSON.",
    422: "It was understood and refused; `code` and `facts` say why.",
    429: "Too often; `Retry-After` says when to come back.",
    500: "Something broke on our side; the log has it under the `Request-Id`.",
    503: "Something that we need does not answer; the same request may be repeated.",
}
_SENTENCE: Final = re.compile(r".+?\.(?= [A-Z0-9`]|$)")
_ADDRESS: Final = re.compile(r"[A-Za-z ]*/v1/\S+")
METHODS: Final = ("get", "post", "put", "patch", "delete")
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A refusal (RFC 9457). `code` is stable; `title` is for people.",
    "required": ["type", "title", "status", "code", "request_id", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": r"^[a-z_]+\.[a-z_]+$"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "facts": {"type": "object", "additionalProperties": True, "description": "by code"},
        "request_id": {"type": "string", "description": "tell us this when you ask about it"},
        "retryable": {
            "type": "boolean",
            "description": "the same request may succeed after `Retry-After` seconds",
        },
    },
}
_FIELD_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["field", "code", "detail"],
    "properties": {
        "field": {
            "type": "string",
            "description": "such as `holdings[0].quantity`; empty for the whole body",
        },
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_HEADERS: Final[dict[str, Any]] = {
    "Request-Id": ("names this request in our log", {"type": "string"}),
    "Krak-Version": ("the date of this version of the API", {"type": "string", "format": "date"}),
    "Idempotent-Replayed": ("this is the first answer again", {"type": "string", "const": "true"}),
    "ETag": ("send it as `If-None-Match`, and nothing new is a 304", {"type": "string"}),
    "Retry-After": ("seconds to wait", {"type": "string", "pattern": "^[0-9]+$"}),
}
COMMON: Final = ("Request-Id", "Krak-Version")
"""Headers of every answer."""
IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": r'^(W/)?"[\x21\x23-\x7e]{1,64}"$'},
    "description": "the `ETag` of the answer that you have",
}


def codes() -> dict[str, tuple[int, str]]:
    """Return status and title of every refusal that anything may answer."""
    found = dict(OF_FRAMEWORK)
    waiting = DomainError.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found[kind.code] = (STATUS[kind.kind], kind.title)
    return dict(sorted(found.items()))


def describe(result: dict[str, Any], **_how: Any) -> dict[str, Any]:
    """Complete the schema; a postprocessing hook of drf-spectacular."""
    add_refusals(result, NAMES)
    components = result["components"]
    result["info"]["version"] = VERSION
    result["paths"] = {
        path.replace("{shown_id}", "{id}"): item for path, item in result["paths"].items()
    }
    for method, operation in operations(result):
        for parameter in operation.setdefault("parameters", []):
            if parameter["name"] == "shown_id":
                parameter["name"] = "id"
        _summarize(operation)
        _write_examples(operation, components["schemas"])
        _describe_answers(operation)
        if method == "get":
            _describe_polling(operation)
        for status in _refused(method, operation):
            operation["responses"].setdefault(str(status), refusal(status))
        operation["responses"] = dict(sorted(operation["responses"].items()))
    return result


def _summarize(operation: dict[str, Any]) -> None:
    """Give an operation its first sentence for a title; lists, which have none, get one."""
    words = " ".join(operation.get("description", "").split())
    if _ADDRESS.fullmatch(words):
        # Of a list the docstring is the class's, which says where it is.
        words = f"List {operation['operationId'].replace('_', ' ')}, newest first."
        operation["description"] = words
    sentence = _SENTENCE.match(words)
    operation.setdefault("summary", (sentence[0] if sentence else words).removesuffix("."))


def add_refusals(schema: dict[str, Any], statuses: Iterable[int]) -> None:
    """Describe our refusals of these statuses in a schema, for `refusal` to refer to."""
    components = schema["components"]
    components["schemas"] |= {"Problem": _PROBLEM, "FieldError": _FIELD_ERROR}
    components.setdefault("headers", {}).update(
        {name: {"description": words, "schema": its} for name, (words, its) in _HEADERS.items()}
    )
    components.setdefault("responses", {}).update(
        {NAMES[status]: _refusal(status) for status in statuses}
    )


def refusal(status: int) -> dict[str, str]:
    """Return the answer of an operation that may refuse with `status`."""
    return {"$ref": f"#/components/responses/{NAMES[status]}"}


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the method and the description of every operation."""
    for item in schema["paths"].values():
        for method in METHODS:
            if method in item:
                yield method, item[method]


def _write_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add what nobody wrote by hand."""
    asked = operation.get("requestBody", {}).get("content", {}).values()
    answered = [
        content
        for answer in operation["responses"].values()
        for content in answer.get("content", {}).values()
    ]
    for content in asked:
        if not content.get("examples"):
            content["examples"] = examples.written(content["schema"], schemas, request=True)
    for content in answered:
        if not content.get("examples"):
            content["examples"] = examples.written(content["schema"], schemas)


def _describe_answers(operation: dict[str, Any]) -> None:
    repeats = any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"])
    for answer in operation["responses"].values():
        _add_headers(answer, *COMMON, *(["Idempotent-Replayed"] if repeats else []))


def _describe_polling(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    if "application/json" not in answers.get("200", {}).get("content", {}):
        return
    _add_headers(answers["200"], "ETag")
    answers["304"] = {"description": "You have it already."}
    _add_headers(answers["304"], *COMMON, "ETag")
    operation["parameters"].append(IF_NONE_MATCH)


def _refused(method: str, operation: dict[str, Any]) -> set[int]:
    """Return with which statuses an operation may refuse, from what it takes."""
    places = {parameter["in"] for parameter in operation["parameters"]}
    writes, body = method != "get", "requestBody" in operation
    refused = {503}
    if any(operation.get("security", [])):
        refused |= {401, 403, 409}
    if body or "query" in places or writes:
        refused |= {400, 422}
    if body or places & {"path", "query"}:
        refused |= {404}
    if writes:
        refused |= {403, 409, 413, 415, 429}
    return refused


def _add_headers(answer: dict[str, Any], *names: str) -> None:
    headers = answer.setdefault("headers", {})
    for name in names:
        headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})


def _refusal(status: int) -> dict[str, Any]:
    """Return the answer of a status, with an example for each code that has it."""
    answer: dict[str, Any] = {
        "description": WORDS[status],
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    code: {"value": examples.problem(code, its, title)}
                    for code, (its, title) in codes().items()
                    if its == status
                },
            }
        },
    }
    _add_headers(answer, *COMMON, *(["Retry-After"] if status in RETRYABLE else []))
    return answer
