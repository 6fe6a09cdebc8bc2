"""Files that were made for people go with them."""

from krak.core.personal import holds

holds("exports.Export", hides=("sha256", "cursor"), keeps="that it was asked for")
