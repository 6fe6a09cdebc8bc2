"""Who attests that an issuer's tokens are backed, and how they are asked."""

from django.conf import settings

from holdings.reserves.attesters.base import Attested, Attester
from holdings.reserves.attesters.paper import PaperAttester

__all__ = ["Attested", "Attester", "in_use"]


def in_use() -> list[Attester]:
    """Return the attesters that can be asked; what others attest is entered by staff."""
    return [PaperAttester()] if settings.ATTESTER == "paper" else []
