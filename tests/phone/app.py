"""The app on a phone, with nothing between it and a running Krak but HTTP."""

import io
from dataclasses import dataclass, field
from typing import Any

import httpx
from pypdf import PdfReader

from krak.core import csv_files
from krak.core.ids import uuid7
from tests.identity.phone import Phone


@dataclass
class App(Phone):
    """One person's app; `token` is an access token, where they have no session."""

    url: str = ""
    token: str = ""
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url, timeout=60)

    def send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> Any:
        """Send it to the running Krak; whatever is done is done once."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid7()), **headers}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return self.http.request(method, path, content=content, headers=headers)

    def settle(self) -> None:
        """Wait until the workers have done all promised work."""
        assert self.done("POST", "/v1/sandbox/settle", {}) == {"pending": 0}

    def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send it, see that it succeeded, and return the answer."""
        response = self.ask(method, path, body, **headers)
        assert response.status_code < 300, (method, path, response.status_code, response.text)
        return response.json() if response.content else None

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Send it, see that it was refused, and return the problem."""
        response = self.ask(method, path, body, **headers)
        assert response.status_code >= 400, (method, path, response.text)
        problem: dict[str, Any] = response.json()
        return problem

    def proof(self, path: str, body: Any, *, code: str) -> dict[str, str]:
        """Be told what to prove before a POST, prove it, and return the header that says so."""
        problem = self.refused("POST", path, body)
        assert problem["code"] == "identity.step_up_required", problem
        facts = problem["facts"]
        act = {"action": facts["action"], "subject": facts["subject"], "code": code}
        return {"Step-Up": self.done("POST", facts["next"], act)["id"]}

    def balances(self) -> dict[str, str]:
        """Return what they have, in shown units; what is empty or set aside is not in it."""
        found = self.done("GET", "/v1/balances")["results"]
        free = {each["currency"]: each["available"]["amount"] for each in found}
        return {code: amount for code, amount in free.items() if amount.strip("0.")}

    def everything(self, path: str) -> list[dict[str, Any]]:
        """Return a list whole, page by page."""
        page = self.done("GET", path)
        found: list[dict[str, Any]] = page["results"]
        while page["next"]:
            page = self.done("GET", page["next"].removeprefix(self.url))
            found += page["results"]
        return found

    def export(self, **asked: Any) -> dict[str, Any]:
        """Ask for a file, and return how it went once the worker is through."""
        made = self.done("POST", "/v1/exports", asked)
        self.settle()
        export: dict[str, Any] = self.done("GET", f"/v1/exports/{made['id']}")
        return export

    def exported(self, **asked: Any) -> str:
        """Ask for a file, see that it was made, and return where it is."""
        export = self.export(**asked)
        assert export["state"] == "ready", export
        return str(export["file"]["path"])

    def rows(self, path: str) -> list[dict[str, str]]:
        """Fetch a CSV file, and return its rows by the words of its head."""
        head, *rows = csv_files.parse(self._file(path, "text/csv; charset=utf-8"))
        return [dict(zip(head, row, strict=True)) for row in rows]

    def text(self, path: str) -> str:
        """Fetch a PDF, and return the words in it, a space apart."""
        pages = PdfReader(io.BytesIO(self._file(path, "application/pdf"))).pages
        return " ".join(word for page in pages for word in page.extract_text().split())

    def _file(self, path: str, media_type: str) -> bytes:
        response = self.get(path)
        assert (response.status_code, response.headers["Content-Type"]) == (200, media_type)
        return bytes(response.content)


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def dollars(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}
