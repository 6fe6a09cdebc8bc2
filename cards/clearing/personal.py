"""What was captured and refunded."""

from krak.core.personal import holds

holds("clearing.CardTransaction", keeps="books must be kept")
