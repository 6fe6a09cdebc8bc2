"""What days were worth."""

from krak.core.personal import holds

holds("portfolio.DayValue", deletes=True)
