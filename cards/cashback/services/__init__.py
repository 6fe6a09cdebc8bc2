"""Rewards: the difference to what was paid before is paid or taken back, so once each."""

from cards.cashback.services.paying import RewardHasNoPrice, settle

__all__ = ["RewardHasNoPrice", "settle"]
