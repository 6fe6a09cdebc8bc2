"""A stateful fake of Stripe Issuing: a small HTTP process that the real `stripe` client talks to.

It imports nothing of Krak's rooms and needs no database but its own SQLite file.
"""
