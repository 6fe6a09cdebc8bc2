"""What holdings cost."""

from krak.core.personal import holds

holds("lots.Lot", keeps="books must be kept")
holds("lots.Disposal", keeps="books must be kept")
