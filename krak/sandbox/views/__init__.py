"""The sandbox's doors: how the product is tried from outside."""
