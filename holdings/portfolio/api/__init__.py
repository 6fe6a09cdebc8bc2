"""The customer's doors to what they have, what it is and was worth, and what it cost."""
