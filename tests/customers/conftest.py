"""People sign up here as they do for identity."""

from tests.identity.conftest import people_have_mail, quick_hashes

__all__ = ["people_have_mail", "quick_hashes"]
