"""What the schema calls enums that share a name and not a meaning.

A test fails when one of these lists is no longer what is answered.
"""

from typing import Final

ENUM_NAMES: Final = {
    "CardStatusEnum": ["pending", "active", "inactive", "canceled"],
    "AuthorizationStatusEnum": ["pending", "closed", "reversed", "expired"],
    "DecisionOutcomeEnum": ["approved", "partial", "declined"],
    "RunOutcomeEnum": ["traded", "skipped"],
    "QuoteStateEnum": ["open", "accepted", "expired"],
    "OrderStateEnum": ["open", "filled", "canceled"],
    "ExportKindEnum": ["activity", "personal_data", "statement", "tax_report"],
    "ExportStateEnum": ["waiting", "running", "ready", "failed", "expired"],
    "PlanStateEnum": ["active", "paused", "canceled"],
    "TransferKindEnum": ["payment", "request", "link"],
    "TransferStateEnum": ["pending", "completed", "canceled", "expired"],
    "PaymentRequestStateEnum": ["open", "paid", "declined", "canceled", "expired"],
    "SplitShareStateEnum": ["open", "paid", "declined", "canceled", "expired", "failed"],
    "DirectionEnum": ["out", "in"],
    "TopUpStateEnum": ["created", "processing", "succeeded", "failed", "canceled"],
    "DepositPlaceStateEnum": ["pending", "open"],
    "DepositStateEnum": [
        "pending",
        "credited",
        "failed",
        "canceled",
        "undone",
        "too_small",
    ],
    "WithdrawalStateEnum": [
        "awaiting_approval",
        "ready",
        "sending",
        "sent",
        "completed",
        "failed",
        "returned",
        "canceled",
    ],
    "NotificationGroupEnum": "krak.notifications.kinds.GROUPS",
    "NotificationKindEnum": "krak.notifications.kinds.KINDS",
    "NotificationSourceEnum": ["kind", "group", "default"],
    "AlertDirectionEnum": ["above", "below"],
    "AlertStateEnum": ["active", "resting", "fired"],
    "DisputeReasonEnum": [
        "canceled",
        "duplicate",
        "fraudulent",
        "merchandise_not_as_described",
        "not_received",
        "no_valid_authorization",
        "other",
        "service_not_as_described",
    ],
    "DisputeStatusEnum": [
        "open",
        "sent",
        "refused",
        "submitted",
        "won",
        "lost",
        "withdrawn",
        "expired",
    ],
}
