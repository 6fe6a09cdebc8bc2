"""A passkey in software: what a phone's secure element does, with its keys in memory."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

ORIGIN = "http://127.0.0.1:8000"
PRESENT_AND_VERIFIED = 0x05
WITH_KEY = 0x40


def text(data: bytes) -> str:
    """Return bytes as WebAuthn's JSON carries them."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(encoded: str) -> bytes:
    return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


class Passkey:
    """One credential, made for one site."""

    def __init__(self) -> None:
        self.id = secrets.token_bytes(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.user_handle = b""
        self.site = ""

    def _authenticator_data(self, flags: int, more: bytes = b"") -> bytes:
        site = hashlib.sha256(self.site.encode()).digest()
        return site + bytes([flags]) + (0).to_bytes(4, "big") + more

    def _client_data(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": ORIGIN, "crossOrigin": False}
        return json.dumps(said).encode()

    def register(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to creation options."""
        asked = options["publicKey"]
        self.site, self.user_handle = asked["rp"]["id"], data(asked["user"]["id"])
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        attested = cbor.encode(
            {
                "fmt": "none",
                "attStmt": {},
                "authData": self._authenticator_data(PRESENT_AND_VERIFIED | WITH_KEY, credential),
            }
        )
        client = self._client_data("webauthn.create", asked["challenge"])
        return {
            "id": text(self.id),
            "rawId": text(self.id),
            "type": "public-key",
            "response": {"clientDataJSON": text(client), "attestationObject": text(attested)},
            "clientExtensionResults": {"credProps": {"rk": True}},
        }

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to request options."""
        client = self._client_data("webauthn.get", options["publicKey"]["challenge"])
        said = self._authenticator_data(PRESENT_AND_VERIFIED)
        signature = self.key.sign(said + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return {
            "id": text(self.id),
            "rawId": text(self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": text(client),
                "authenticatorData": text(said),
                "signature": text(signature),
                "userHandle": text(self.user_handle),
            },
            "clientExtensionResults": {},
        }
