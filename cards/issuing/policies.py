"""The policy of a fresh installation. Source: the card policy, sections 1, 2 and 6."""

from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class FirstPolicy:
    """Each field is the column of the same name of `issuing_policy`."""

    partial_minimum: Decimal = Decimal(1)
    minimum_conversion: Decimal = Decimal(0)
    daily_limit: Decimal = Decimal(10_000)
    cash_daily_limit: Decimal = Decimal(500)
    fx_buffer_bps: int = 0
    cash_enabled: bool = True
    sell_at_capture: bool = True
    provisional_credit: bool = True
    cashback_bps: int = 100
    blocked_mccs: tuple[str, ...] = ("6051", "7801", "7802", "7995")
    cash_mccs: tuple[str, ...] = ("6010", "6011")
    unrewarded_mccs: tuple[str, ...] = (
        "4829", "6010", "6011", "6012", "6050", "6051", "6211", "6529", "6530", "6532",
        "6533", "6534", "6535", "6536", "6537", "6538", "6540", "7800", "7801", "7802",
        "7995", "9406", "9754",
    )  # fmt: skip
    haircuts: dict[str, list[str]] = field(
        default_factory=lambda: {
            "FIAT": ["0.01", "0.01"],
            "STABLECOIN": ["0.005", "0.005"],
            "CRYPTO": ["0.05", "0.05"],
            "COMMODITY_TOKEN": ["0.05", "0.05"],
            "TOKENIZED_EQUITY": ["0.03", "0.15"],
            "TOKENIZED_ETF": ["0.03", "0.15"],
        }
    )

    def columns(self) -> dict[str, Any]:
        """Return the columns of a policy row."""
        row = asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in row.items()
        }


def columns_of(policy: object) -> dict[str, Any]:
    """Return the columns of a policy row that say what it rules."""
    return {field.name: getattr(policy, field.name) for field in fields(FirstPolicy)}
