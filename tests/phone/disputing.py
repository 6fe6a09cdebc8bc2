"""The ramen never came: the dinner is disputed, credited for now, and won."""

from typing import Any

from tests.phone.app import App, euros

STORY = "Nobody ever served the ramen."


def disputes_the_dinner(ada: App) -> None:
    """Tell what went wrong, send it off, and see the money come back as the network decides."""
    (dinner,) = [each for each in _dinner(ada) if each["kind"] == "capture"]
    claim = {
        "transaction": dinner["links"]["transaction"], "reason": "not_received",
        "explanation": STORY, "evidence": {"canceled_at": "2026-11-20"},
    }  # fmt: skip
    refused = ada.refused("POST", "/v1/disputes", claim)
    assert [each["field"] for each in refused["errors"]] == ["evidence.canceled_at"]
    claim["evidence"] = {"expected_at": "2026-11-20", "product_type": "service"}
    opened = ada.done("POST", "/v1/disputes", claim)
    assert (opened["status"], opened["amount"]) == ("open", euros("150.00"))
    assert ada.refused("POST", "/v1/disputes", claim)["code"] == "disputes.already_disputed"
    path = f"/v1/disputes/{opened['id']}"

    assert ada.done("POST", f"{path}/submit")["status"] == "sent"
    ada.settle()
    _is_credited(ada, path, status="submitted", provisional=True)
    assert ada.balances() == {"EUR": "161.50", "BTC": "0.00825"}
    assert ada.refused("POST", f"{path}/withdraw")["code"] == "disputes.not_open"

    ada.done("POST", f"/v1/sandbox/disputes/{opened['id']}", {"outcome": "won"})
    ada.settle()
    won = _is_credited(ada, path, status="won", provisional=False)
    assert [each["event"] for each in won["timeline"]] == ["opened", "sent", "submitted", "won"]
    assert (won["explanation"], won["evidence"]) == (STORY, claim["evidence"])
    # Nothing was eaten after all, so nothing was earned by it.
    assert ada.balances() == {"EUR": "160.00", "BTC": "0.00825"}
    assert ada.done("GET", "/v1/cashback")["totals"] == [euros("0.00")]


def _dinner(ada: App) -> Any:
    return ada.done("GET", "/v1/activity?q=ramen")["results"]


def _is_credited(ada: App, path: str, *, status: str, provisional: bool) -> Any:
    """See it in the dispute itself and in the list of everything that moved."""
    dispute = ada.done("GET", path)
    assert (dispute["status"], dispute["credited"]) == (status, euros("150.00"))
    assert dispute["provisional"] is provisional
    (line,) = [each for each in _dinner(ada) if each["kind"] == "dispute"]
    assert line["title"] == "Dispute credited"
    assert line["amounts"] == [euros("150.00") | {"multiplier": None}]
    assert line["status"] == ("provisional" if provisional else "completed")
    assert line["links"]["dispute"] == dispute["id"]
    return dispute
