"""Firebase Cloud Messaging, HTTP v1: pushes to Android, and by way of Apple to iOS.

Source: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages,
…/docs/cloud-messaging/error-codes, …/docs/cloud-messaging/scale-fcm, and for access tokens
https://developers.google.com/identity/protocols/oauth2/service-account

FCM takes no idempotency key. What makes a repeat harmless is that the phone shows the second push
in place of the first, by the key of both; so what may have gone out is sent again.
"""

import json
import threading
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
from google.auth import transport
from google.auth.exceptions import GoogleAuthError
from google.oauth2.service_account import Credentials

from krak.notifications.channels.base import Gone, Parcel, Refused, SendAgain

SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
TIMEOUT_SECONDS: Final = 10.0
"""To connect, and for an answer. At most four calls make a push, of which one may time out."""
PAUSE_WHEN_TOO_MANY: Final = timedelta(seconds=60)
"""After a 429 that does not say how long to wait."""

_LONGEST_REASON: Final = 200
_PASSING: Final = (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS)


class Fcm:
    """FCM, spoken to as one service account, whose project is the app's."""

    def __init__(self, *, key: str, url: str, timeout: float = TIMEOUT_SECONDS) -> None:
        facts = json.loads(key)
        self._address = f"{url}/v1/projects/{facts['project_id']}/messages:send"
        account: Any = Credentials
        self._credentials = account.from_service_account_info(facts, scopes=[SCOPE])
        self._refreshing = threading.Lock()
        self._http = httpx.Client(timeout=timeout, headers={"User-Agent": "krak"})

    def send(self, parcel: Parcel) -> None:
        """Send one push; an access token that is refused is replaced, once.

        A 404 that does not say UNREGISTERED, and a token of another project (SENDER_ID_MISMATCH),
        rather mean that our settings are wrong: no phone loses its token for that.
        """
        body = json.dumps({"message": _message(parcel)}).encode()
        token = self._token()
        response = self._post(body, token)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            response = self._post(body, self._token(refused=token))
        if response.status_code == httpx.codes.OK:
            return
        code, reason = _error(response)
        said = _said(response).replace(parcel.address, "***")
        raise Gone(said) if _is_dead(code, reason) else Refused(said)

    def _post(self, body: bytes, token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._call(self._address, body, headers)

    def _token(self, *, refused: str = "") -> str:
        """Return an access token, the known one while it lasts and is not `refused`."""
        with self._refreshing:
            if not self._credentials.valid or self._credentials.token == refused:
                try:
                    self._credentials.refresh(self._ask)
                except (GoogleAuthError, TypeError, ValueError) as error:
                    reason = str(error.args[0])[:_LONGEST_REASON]
                    raise Refused(f"Google gives us no access token: {reason}") from None
            return str(self._credentials.token)

    def _ask(
        self, url: str, method: str = "", body: bytes = b"", headers: Any = None, **_more: Any
    ) -> transport.Response:
        """Send what google-auth asks of the token endpoint: always a POST."""
        return _Answer(self._call(url, body, headers))

    def _call(self, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Return an answer that will be the same when asked again.

        Raises:
            SendAgain: there was none, or one that passes; not before its Retry-After.
        """
        try:
            response = self._http.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise SendAgain(f"{type(error).__name__}: {error}"[:_LONGEST_REASON]) from None
        if response.status_code in _PASSING or response.is_server_error:
            raise SendAgain(_said(response), after=_pause(response))
        return response


class _Answer(transport.Response):
    """An answer as google-auth reads it."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def data(self) -> bytes:
        return self._response.content


def _message(parcel: Parcel) -> dict[str, Any]:
    # Notifications ignore Android's `collapse_key`; its `tag` is what replaces one on the phone.
    return {
        "token": parcel.address,
        "notification": {"title": parcel.title, "body": parcel.text},
        "data": {name: str(value) for name, value in parcel.data.items()},
        "android": {"priority": "HIGH", "notification": {"tag": parcel.key}},
        "apns": {
            "headers": {"apns-collapse-id": parcel.key},
            "payload": {"aps": {"sound": "default"}},
        },
    }


def _error(response: httpx.Response) -> tuple[str, str]:
    """Return FCM's code of a failure, or else Google's status of it, and what it says."""
    try:
        error = response.json()["error"]
        codes = [each["errorCode"] for each in error.get("details", ()) if "errorCode" in each]
        return str((codes or [error["status"]])[0]), str(error["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", "not an answer of Google's"


def _said(response: httpx.Response) -> str:
    code, reason = _error(response)
    return f"HTTP {response.status_code} {code}: {reason}"[:_LONGEST_REASON]


def _is_dead(code: str, reason: str) -> bool:
    """Tell whether a failure is about the phone's token, and for good."""
    if code == "INVALID_ARGUMENT":
        # Only the message tells a malformed token from another malformed field.
        return "not a valid FCM registration token" in reason
    return code == "UNREGISTERED"


def _pause(response: httpx.Response) -> timedelta:
    """Return how long a `Retry-After` asks to wait, in seconds or until a date."""
    said = response.headers.get("Retry-After", "").strip()
    try:
        if said.isascii() and said.isdigit():
            return timedelta(seconds=int(said))
        until, sent = (parsedate_to_datetime(text) for text in (said, response.headers["Date"]))
        return max(until - sent, timedelta(0))
    except (ValueError, TypeError, KeyError, OverflowError):
        too_many = response.status_code == httpx.codes.TOO_MANY_REQUESTS
        return PAUSE_WHEN_TOO_MANY if too_many else timedelta(0)
