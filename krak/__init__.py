"""Krak: one balance over cash, crypto and tokenized stocks, and a card that spends all of it."""
