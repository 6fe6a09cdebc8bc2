"""What people want to hear of."""

from krak.core.personal import holds

holds("alerts.PriceAlert", deletes=True)
"""A wish of the moment: nothing in the books refers to it."""
