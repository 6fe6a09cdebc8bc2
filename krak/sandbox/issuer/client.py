"""A client of the control door."""

from typing import Any, Final
from urllib.parse import quote

import httpx

WAIT_SECONDS: Final = 20.0


class Control:
    """Speaks to `/_issuer/` of a running issuer; each call is described in docs/sandbox.md."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/_issuer", timeout=WAIT_SECONDS + 10)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        response = self._http.request(method, path, json=body)
        if response.is_error:
            raise RuntimeError(response.json()["error"]["message"])
        answer: dict[str, Any] = response.json()
        return answer

    def point_to(self, krak: str) -> None:
        """Send webhooks to the Krak at this address; "" keeps them here."""
        self._send("PUT", "/webhooks", url=krak)

    def deliveries(self) -> dict[str, int]:
        """Return how many deliveries are `pending`, `held`, `delivered`, `dropped`, `given_up`."""
        return self._send("GET", "/deliveries")

    def delivered(self) -> None:
        """Return once nothing is on its way any more.

        Raises:
            TimeoutError: something is, after 20 seconds.
        """
        counts = self._send("GET", f"/deliveries?wait={WAIT_SECONDS}")
        if counts["pending"]:
            raise TimeoutError(f"{counts['pending']} webhooks are still on their way")

    def faults(self, **faults: float | bool) -> None:
        """Spoil deliveries from now on; without arguments they are good again."""
        self._send("PUT", "/faults", **faults)

    def release(self, **order: Any) -> int:
        """Deliver what is held, by `order`, `seed` or `events`."""
        return int(self._send("POST", "/deliveries/release", **order)["released"])

    def deliver(self, event: str) -> None:
        """Deliver an event once more."""
        self._send("POST", f"/events/{quote(event)}/deliver")

    def failures(self, **failures: Any) -> None:
        """Fail the next `times` calls under `path` with `status`, or answer into the void."""
        self._send("PUT", "/failures", **failures)

    def rules(self, **rules: Any) -> None:
        """Change how the issuer behaves."""
        self._send("PUT", "/rules", **rules)

    def advance(self, seconds: int) -> None:
        """Move the issuer's clock ahead."""
        self._send("POST", "/clock", seconds=seconds)

    def balance(self, amount: int, currency: str = "usd") -> None:
        """Make the Issuing balance of a currency exactly `amount`."""
        self._send("PUT", "/balance", amount=amount, currency=currency)

    def settle_topup(self, topup: str, outcome: str = "succeeded") -> dict[str, Any]:
        """Let a top-up arrive, or be refused (`failed`)."""
        return self._send("POST", f"/topups/{quote(topup)}", outcome=outcome)

    def decide(self, dispute: str, outcome: str, **facts: Any) -> dict[str, Any]:
        """Decide a dispute: `won` (of `amount`), `lost`, `rescinded`, `expired`."""
        return self._send("POST", f"/disputes/{quote(dispute)}", outcome=outcome, **facts)

    def import_card(self, **card: Any) -> dict[str, Any]:
        """Keep a card that Krak has already, by its ids; a repeat changes nothing."""
        return self._send("POST", "/cards", **card)

    def provision(self, card: str, **token: str) -> dict[str, Any]:
        """Put a card into a wallet."""
        return self._send("POST", "/tokens", card=card, **token)

    def past_due(self, cardholder: str, *what: str) -> dict[str, Any]:
        """Ask for documents of a cardholder; for nothing, to be content again."""
        return self._send("POST", f"/cardholders/{quote(cardholder)}", past_due=list(what))

    def reset(self) -> None:
        """Forget everything."""
        self._send("POST", "/reset")


def undelivered(url: str, *, seconds: float = 0.5) -> int:
    """Return how many webhooks an issuer has on their way; 0 where none runs."""
    if not url:
        return 0
    try:
        answer = httpx.get(f"{url}/_issuer/deliveries", timeout=seconds)
        return int(answer.json()["pending"]) if answer.is_success else 0
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return 0
