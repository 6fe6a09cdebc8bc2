"""Doors for the app: the inbox, where notices go, and each phone's push token."""
