"""A Django app of the harness: processes that die where no signal from outside would hit."""
