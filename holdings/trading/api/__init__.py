"""The customer's doors to trading."""
