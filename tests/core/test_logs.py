"""What a line of log says, and what it never says."""

import io
import json
import logging
import logging.config
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from krak.core import logs
from krak.runtime import health


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("mail to ann.o-neil+x@mail.example.org failed", "mail to *** failed"),
        ("card 4242 4242 4242 4242 refused", "card *** refused"),
        ("card 4242424242424242", "card ***"),
        ("token krak_OhjmxXDLZNPrX99f_TGlxg--IQQg", "token ***"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("key sk_live_51Hxyz", "key ***"),
        ("secret whsec_sandbox_events", "secret ***"),
        ("token ya29.c.c0ASRK0Ga-x", "token ***"),
        ("key -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- ok", "key *** ok"),
        # Ids, amounts and times are what a log is for.
        ("req_01h455vb4pex5vsknk084sn02q", "req_01h455vb4pex5vsknk084sn02q"),
        ("1234567.1234567890 BTC", "1234567.1234567890 BTC"),
        ("2026-11-25T02:00:00.123456+00:00", "2026-11-25T02:00:00.123456+00:00"),
        ("018f2102-2a7f-7c82-956d-572b2dab0f82", "018f2102-2a7f-7c82-956d-572b2dab0f82"),
    ],
)
def test_what_must_not_be_read_in_a_log_is_hidden(written: str, kept: str) -> None:
    assert logs.without_secrets(written) == kept


def test_a_line_is_json_with_its_ids_and_a_trace_without_secrets() -> None:
    stream, logger = io.StringIO(), logging.getLogger("krak.test")
    config = logs.configuration(level="INFO", as_json=True)
    config["handlers"]["console"]["stream"] = stream
    handler = logging.config.DictConfigurator(config)
    formatter = handler.configure_formatter(config["formatters"]["line"])
    line = logging.StreamHandler(stream)
    line.setFormatter(formatter)
    logger.addHandler(line)
    try:
        logs.begin(request="req_1")
        logs.bind(customer="cus_1")
        try:
            int("no ann@mail.example")
        except ValueError:
            logger.exception("for %s", "bob@mail.example")
    finally:
        logger.removeHandler(line)
        logs.begin()

    said = json.loads(stream.getvalue())
    assert (said["event"], said["level"], said["logger"]) == ("for ***", "error", "krak.test")
    assert (said["request"], said["customer"]) == ("req_1", "cus_1")
    assert said["timestamp"].endswith("Z")
    assert "mail.example" not in stream.getvalue()


def test_ids_of_one_request_are_not_those_of_the_next() -> None:
    logs.begin(request="req_1")
    logs.bind(customer="cus_1")
    logs.begin(request="req_2")

    import structlog

    assert structlog.contextvars.get_contextvars() == {"request": "req_2"}
    logs.begin()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/me", "api.not_authenticated"),
        ("/webhooks/stripe/events", "webhooks.bad_signature"),
    ],
)
def test_a_refusal_is_one_line_with_its_code(
    client: Client, caplog: pytest.LogCaptureFixture, path: str, code: str
) -> None:
    ask = client.get if path.startswith("/v1") else client.post
    assert ask(path).status_code in {400, 401}

    (line,) = caplog.messages
    assert line.startswith(f"{path} refused: {code}: ")


@pytest.mark.django_db
def test_of_fields_that_are_wrong_names_and_codes_are_logged_and_no_values(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"cash": "secret", "holdings": [{"asset": "BTC", "quantity": "0"}]}
    assert client.post("/v1/sandbox/customers", body, "application/json").status_code == 400

    (line,) = caplog.messages
    assert line == (
        "/v1/sandbox/customers refused: api.invalid: cash amount, holdings[0].quantity zero"
    )


@pytest.mark.django_db
def test_a_body_that_is_too_large_is_one_warning(
    client: Client, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    body = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    refused = client.post("/v1/sandbox/customers", body, content_type="application/json")

    assert (refused.status_code, refused.json()["code"]) == (413, "api.body_too_large")
    (line,) = caplog.records
    assert line.levelname == "WARNING"
    assert line.getMessage() == "/v1/sandbox/customers refused: api.body_too_large: "


@pytest.mark.django_db
def test_a_host_that_is_not_ready_yet_is_no_error(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "OLDEST_BOARD", timedelta(0))

    assert client.get("/healthz/ready").status_code == 503
    assert caplog.messages == []
