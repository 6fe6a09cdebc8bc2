"""Conversions, orders, schedules and the waterfall as values."""
