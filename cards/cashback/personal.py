"""What purchases earned."""

from krak.core.personal import holds

holds("cashback.Grant", keeps="books must be kept")
holds("cashback.ClawBack", keeps="books must be kept")
