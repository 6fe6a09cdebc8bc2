"""Whether an address is one, by its network's own checksum. Pure.

Sources: BIP 13, 173 and 350 (Bitcoin), EIP-55 (Ethereum), the XRP Ledger's and Stellar's
strkey (SEP-23) encodings, TRON's and Solana's documentation.
"""

import base64
import binascii
import hashlib
import re
from typing import Final

from holdings.funding.rules.keccak import keccak_256
from holdings.funding.rules.networks import Family, Network

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_XRP58: Final = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_SUM: Final = 1
_BECH32M_SUM: Final = 0x2BC830A3
_VERSIONS: Final = {
    Family.BITCOIN: (0x00, 0x05),
    Family.LITECOIN: (0x30, 0x32),
    Family.DOGECOIN: (0x1E, 0x16),
    Family.TRON: (0x41,),
    Family.XRP: (0x00,),
}
_SEGWIT: Final = {Family.BITCOIN: "bc", Family.LITECOIN: "ltc"}
_STELLAR_ACCOUNT: Final = 6 << 3
_HASH_BYTES: Final = 20
_KEY_BYTES: Final = 32
LONGEST: Final = 128
_EVM: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_XRP_TAG: Final = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_MEMO: Final = re.compile(r"[\x21-\x7e]{1,28}", re.ASCII)


def is_address(network: Network, text: str) -> bool:
    """Tell whether `text` is an address of the network whose checksum fits."""
    if not text.isascii() or len(text) > LONGEST:
        return False
    match network.family:
        case Family.EVM:
            return _is_evm(text)
        case Family.SOLANA:
            return len(_base58(text, _BASE58) or b"") == _KEY_BYTES
        case Family.STELLAR:
            return _is_stellar(text)
        case family:
            alphabet = _XRP58 if family is Family.XRP else _BASE58
            return _is_base58check(text, alphabet, _VERSIONS[family]) or (
                family in _SEGWIT and _is_segwit(text, _SEGWIT[family])
            )


def is_memo(network: Network, text: str) -> bool:
    """Tell whether `text` may stand as a memo; only networks with memos take any."""
    if not network.memo:
        return text == ""
    if text == "":
        return True
    if network.family is Family.XRP:
        return bool(_XRP_TAG.fullmatch(text)) and int(text) < 1 << 32
    return bool(_MEMO.fullmatch(text))


def canonical(network: Network, text: str) -> str:
    """Return the one way in which an address that is one is kept."""
    if network.family is Family.EVM:
        return checksummed(text)
    if network.family in _SEGWIT and text.lower().startswith(f"{_SEGWIT[network.family]}1"):
        return text.lower()
    return text


def checksummed(address: str) -> str:
    """Return an Ethereum address with the capitals of EIP-55."""
    letters = address[2:].lower()
    digest = keccak_256(letters.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(nibble, 16) >= 8 else letter  # noqa: PLR2004 - EIP-55
        for letter, nibble in zip(letters, digest, strict=False)
    )


def base58(data: bytes) -> str:
    """Write bytes in Bitcoin's alphabet."""
    return _to_base58(data, _BASE58)


def base58check(family: Family, digest: bytes) -> str:
    """Return the plainest address of a family with base 58 and a checksum."""
    body = bytes([_VERSIONS[family][0]]) + digest
    checksum = hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]
    return _to_base58(body + checksum, _XRP58 if family is Family.XRP else _BASE58)


def stellar(key: bytes) -> str:
    """Return the Stellar account of a public key."""
    body = bytes([_STELLAR_ACCOUNT]) + key
    return base64.b32encode(body + binascii.crc_hqx(body, 0).to_bytes(2, "little")).decode()


def _to_base58(data: bytes, alphabet: str) -> str:
    number, letters = int.from_bytes(data), ""
    while number:
        number, rest = divmod(number, 58)
        letters = alphabet[rest] + letters
    return alphabet[0] * (len(data) - len(data.lstrip(b"\0"))) + letters


def _is_evm(text: str) -> bool:
    if not _EVM.fullmatch(text):
        return False
    letters = text[2:]
    # All small or all capital letters carry no checksum.
    return letters in {letters.lower(), letters.upper()} or text == checksummed(text)


def _base58(text: str, alphabet: str) -> bytes | None:
    number = 0
    for letter in text:
        value = alphabet.find(letter)
        if value < 0:
            return None
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def _is_base58check(text: str, alphabet: str, versions: tuple[int, ...]) -> bool:
    data = _base58(text, alphabet)
    if data is None or len(data) != 1 + _HASH_BYTES + 4:
        return False
    body, checksum = data[:-4], data[-4:]
    digest = hashlib.sha256(hashlib.sha256(body).digest()).digest()
    return body[0] in versions and checksum == digest[:4]


def _polymod(values: list[int]) -> int:
    generators = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(generators):
            state ^= generator if top >> bit & 1 else 0
    return state


def _is_segwit(text: str, prefix: str) -> bool:
    if text not in {text.lower(), text.upper()} or len(text) > 90:  # noqa: PLR2004 - BIP 173
        return False
    head, separator, tail = text.lower().rpartition("1")
    values = [_BECH32.find(letter) for letter in tail]
    if head != prefix or not separator or len(values) < 7 or min(values) < 0:  # noqa: PLR2004
        return False
    expanded = [ord(c) >> 5 for c in head] + [0] + [ord(c) & 31 for c in head]
    version, found = values[0], _polymod(expanded + values)
    program = _program(values[1:-6])
    if program is None or version > 16 or not 2 <= len(program) <= 40:  # noqa: PLR2004 - BIP 141
        return False
    if version == 0:
        return found == _BECH32_SUM and len(program) in {_HASH_BYTES, _KEY_BYTES}
    return found == _BECH32M_SUM


def _program(values: list[int]) -> bytes | None:
    number = 0
    for value in values:
        number = number << 5 | value
    spare = len(values) * 5 % 8
    if spare > 4 or number & ((1 << spare) - 1):  # noqa: PLR2004 - less than a whole letter
        return None
    return (number >> spare).to_bytes(len(values) * 5 // 8)


def _is_stellar(text: str) -> bool:
    try:
        data = base64.b32decode(text)
    except (binascii.Error, ValueError):
        return False
    if len(data) != 1 + _KEY_BYTES + 2 or data[0] != _STELLAR_ACCOUNT:
        return False
    return int.from_bytes(data[-2:], "little") == binascii.crc_hqx(data[:-2], 0)
