"""Who holds for us what we owe, and how they are asked."""

from django.conf import settings

from holdings.reserves.custodians.base import Custodian, Stated
from holdings.reserves.custodians.paper import PaperCustodian

__all__ = ["Custodian", "Stated", "in_use"]


def in_use() -> list[Custodian]:
    """Return the custodians that can be asked; what others say is entered by staff."""
    return [PaperCustodian()] if settings.CUSTODIAN == "paper" else []
