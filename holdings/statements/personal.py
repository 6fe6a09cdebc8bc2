"""Statements are books, and name nobody whose they are."""

from krak.core.personal import holds

holds("statements.Statement", hides=("digest",), keeps="books must be kept")
