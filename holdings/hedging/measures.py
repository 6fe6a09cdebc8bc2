"""Puts in force what the rules decided, where prices and halts are kept.

The state row of the asset says what should be in force; this is the one place that tells it to
whoever acts on it.
"""
