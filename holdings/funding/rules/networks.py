"""Which networks there are, when money on them is final, and which assets travel on which. Pure.

Source of confirmations: what large exchanges ask before they credit, at or beyond each network's
own finality.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

BANK: Final = "bank"
"""The rail that is no network."""


class Family(StrEnum):
    """How addresses of a network are written."""

    BITCOIN = "BITCOIN"
    LITECOIN = "LITECOIN"
    DOGECOIN = "DOGECOIN"
    EVM = "EVM"
    SOLANA = "SOLANA"
    TRON = "TRON"
    XRP = "XRP"
    STELLAR = "STELLAR"


@dataclass(frozen=True, slots=True)
class Network:
    """A network; with `memo`, addresses are shared and the memo says whose the money is."""

    code: str
    name: str
    family: Family
    confirmations: int
    memo: bool = False


NETWORKS: Final[Mapping[str, Network]] = MappingProxyType(
    {
        network.code: network
        for network in (
            Network("bitcoin", "Bitcoin", Family.BITCOIN, 3),
            Network("litecoin", "Litecoin", Family.LITECOIN, 6),
            Network("dogecoin", "Dogecoin", Family.DOGECOIN, 40),
            Network("ethereum", "Ethereum", Family.EVM, 64),
            Network("base", "Base", Family.EVM, 64),
            Network("arbitrum", "Arbitrum One", Family.EVM, 64),
            Network("optimism", "OP Mainnet", Family.EVM, 64),
            Network("bnb", "BNB Chain", Family.EVM, 15),
            Network("mantle", "Mantle", Family.EVM, 64),
            Network("ink", "Ink", Family.EVM, 64),
            Network("hyperevm", "HyperEVM", Family.EVM, 64),
            Network("xlayer", "X Layer", Family.EVM, 64),
            Network("solana", "Solana", Family.SOLANA, 32),
            Network("tron", "TRON", Family.TRON, 20),
            Network("xrp", "XRP Ledger", Family.XRP, 1, memo=True),
            Network("stellar", "Stellar", Family.STELLAR, 1, memo=True),
        )
    }
)
NATIVE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "BTC": ("bitcoin",),
        "LTC": ("litecoin",),
        "DOGE": ("dogecoin",),
        "ETH": ("ethereum", "base", "arbitrum", "optimism"),
        "BNB": ("bnb",),
        "SOL": ("solana",),
        "TRX": ("tron",),
        "XRP": ("xrp",),
        "XLM": ("stellar",),
        "USDC": ("ethereum", "base", "arbitrum", "solana"),
        "USDT": ("ethereum", "tron", "solana"),
    }
)
"""Assets whose networks the catalogue does not name one by one."""
_BY_CHAIN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Ethereum ERC-20": "ethereum",
        "Base ERC-20": "base",
        "Arbitrum ERC-20": "arbitrum",
        "OP Mainnet ERC-20": "optimism",
        "BNB Chain BEP-20": "bnb",
        "Solana SPL": "solana",
        "TRON TRC-20": "tron",
        # As the catalogue says it of tokenized shares.
        "Ethereum": "ethereum",
        "Arbitrum": "arbitrum",
        "Optimism": "optimism",
        "BSC": "bnb",
        "Mantle": "mantle",
        "Ink": "ink",
        "HyperEVM": "hyperevm",
        "XLayer": "xlayer",
        "Solana": "solana",
    }
)


def networks_of(chains: Sequence[str]) -> tuple[str, ...]:
    """Return the networks that an asset travels on, by the catalogue's names of them."""
    return tuple(_BY_CHAIN[each] for each in chains if each in _BY_CHAIN)
