"""What people answered about what they know."""

from krak.core.personal import holds

holds("eligibility.SuitabilityCheck", keeps="proof that a purchase was suitable")
