"""Networks, addresses and what follows from what Stripe says. Pure."""
