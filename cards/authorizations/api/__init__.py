"""The customer's doors to what their cards were used for, and what a use would do."""
