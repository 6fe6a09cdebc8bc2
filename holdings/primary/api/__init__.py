"""The customer's doors to the primary market."""
