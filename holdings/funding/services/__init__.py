"""Writes of funding, a room for each way that money takes."""
