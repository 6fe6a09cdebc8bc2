"""What each of Stripe's objects does: a module per resource, a function per call."""
