"""Boards go to the archive: what the market was when something was decided may be asked later."""

from datetime import datetime

from django.db.models import QuerySet

from fx.prices import services
from fx.prices.models import BoardCopy
from krak.core.archive.registry import archives


def _all_but_the_newest(before: datetime) -> QuerySet[BoardCopy]:
    """Without Valkey a market that was away for long begins with the newest."""
    newest = BoardCopy.objects.order_by("-version").values("version")[:1]
    return BoardCopy.objects.filter(built_at__lt=before).exclude(version__in=newest)


archives("boards", model=BoardCopy, may_go=_all_but_the_newest, let_go=services.drop_copies)
