"""Parties are let in, requests are made and decided, and the issuer settles them."""
