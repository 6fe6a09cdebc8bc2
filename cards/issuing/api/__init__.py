"""The customer's doors to their cards. Numbers and CVCs never pass here."""
