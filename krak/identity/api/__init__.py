"""The customer's doors to where they are signed in, and to proving that it is them."""
