"""The doors to what there is and what it is worth. Both are answered from memory."""
