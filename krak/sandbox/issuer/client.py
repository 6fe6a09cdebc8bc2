"""A client of the control door."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx

WAIT_SECONDS: Final = 20.0
GLANCE_SECONDS: Final = 0.5


class Control:
    """Speaks to `/_issuer/` of a running issuer; each call is described in docs/sandbox.md."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/_issuer", timeout=WAIT_SECONDS + 10)

    def __enter__(self) -> Self:
        """Use it for a while."""
        return self

    def __exit__(self, *_why: object) -> None:
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
        """Let a top-up arrive, be refused (`failed`), or be taken back later (`reversed`)."""
        return self._send("POST", f"/topups/{quote(topup)}", outcome=outcome)

    def decide(self, dispute: str, outcome: str, **facts: Any) -> dict[str, Any]:
        """Decide a dispute: `won` (of `amount`), `lost`, `rescinded`, `expired`."""
        return self._send("POST", f"/disputes/{quote(dispute)}", outcome=outcome, **facts)

    def pay(self, intent: str, outcome: str = "succeeded", **received: Any) -> dict[str, Any]:
        """Let a payment be `succeeded` (of `amount`), `processing`, `failed` or `canceled`."""
        return self._send("POST", f"/payment_intents/{quote(intent)}", outcome=outcome, **received)

    def fail_refund(self, refund: str) -> dict[str, Any]:
        """Let a refund of a payment come back."""
        return self._send("POST", f"/refunds/{quote(refund)}/fail")

    def dispute_payment(self, intent: str, **facts: Any) -> dict[str, Any]:
        """Let the payer dispute a payment, of all or of `amount`, for a `reason`."""
        return self._send("POST", f"/payment_intents/{quote(intent)}/dispute", **facts)

    def decide_payment(self, dispute: str, outcome: str) -> dict[str, Any]:
        """Decide a dispute of a payment: `won`, `lost`."""
        return self._send("POST", f"/payment_disputes/{quote(dispute)}", outcome=outcome)

    def import_card(self, **card: Any) -> dict[str, Any]:
        """Keep a card that Krak has already, by its ids; a repeat changes nothing."""
        return self._send("POST", "/cards", **card)

    def import_purchase(
        self, authorization: dict[str, Any], capture: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Keep a purchase that was played without the issuer; a repeat changes nothing."""
        return self._send("POST", "/purchases", authorization=authorization, capture=capture)

    def provision(self, card: str, **token: str) -> dict[str, Any]:
        """Put a card into a wallet."""
        return self._send("POST", "/tokens", card=card, **token)

    def past_due(self, cardholder: str, *what: str) -> dict[str, Any]:
        """Ask for documents of a cardholder; for nothing, to be content again."""
        return self._send("POST", f"/cardholders/{quote(cardholder)}", past_due=list(what))

    def reset(self) -> None:
        """Forget everything."""
        self._send("POST", "/reset")


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How many webhooks are on their way, and how many there ever were."""

    pending: int = 0
    ever: int = 0


def deliveries_of(url: str) -> Deliveries:
    """Return how far an issuer is with its webhooks; nothing at all where none runs."""
    try:
        counts = _glance(url)
    except TimeoutError:
        counts = {"pending": 1}  # who takes so long may have something on its way
    except OSError:
        counts = {}
    return Deliveries(pending=counts.get("pending", 0), ever=sum(counts.values()))


def is_issuer(url: str) -> bool:
    """Tell whether a fake of ours is at an address, and not a Stripe of another kind.

    Raises:
        OSError: nobody is there, or not yet.
    """
    return "pending" in _glance(url)


def _glance(url: str) -> dict[str, int]:
    """Return the deliveries of the issuer at an address, or nothing if somebody else is there."""
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme != "http":
        return {}
    connection = HTTPConnection(parts.hostname, parts.port, timeout=GLANCE_SECONDS)
    try:
        connection.request("GET", "/_issuer/deliveries")
        counts = json.loads(connection.getresponse().read())
    except (HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return counts if isinstance(counts, dict) and "pending" in counts else {}
