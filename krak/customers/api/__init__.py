"""The customer's own doors: who they are, what they agreed to, what was checked, their tag."""
