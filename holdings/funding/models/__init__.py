"""Money that comes in, money that goes out. What the tables refuse besides is in `sql/`."""

from holdings.funding.models.incoming import (
    Deposit,
    DepositAccount,
    DepositAddress,
    DepositKind,
    DepositState,
    Receipt,
    ReceiptState,
    TakeBack,
    TakeBackKind,
    TopUp,
)
from holdings.funding.models.outgoing import (
    COUNTED,
    UNSENT,
    Destination,
    PaperPayout,
    RailTerms,
    Withdrawal,
    WithdrawalState,
)

__all__ = [
    "COUNTED",
    "UNSENT",
    "Deposit",
    "DepositAccount",
    "DepositAddress",
    "DepositKind",
    "DepositState",
    "Destination",
    "PaperPayout",
    "RailTerms",
    "Receipt",
    "ReceiptState",
    "TakeBack",
    "TakeBackKind",
    "TopUp",
    "Withdrawal",
    "WithdrawalState",
]
