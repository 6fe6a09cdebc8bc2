"""The customer API of money in and money out."""
