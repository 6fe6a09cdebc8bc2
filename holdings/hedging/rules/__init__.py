"""What the house is exposed to, what it does about it, and what that costs. Pure."""
