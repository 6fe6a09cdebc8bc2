"""Events that were applied go to the archive: disputes and the law may ask for them."""

from datetime import datetime

from django.db.models import QuerySet

from krak.core.archive.registry import archives
from krak.core.inbox import services
from krak.core.inbox.models import InboxEvent


def _applied(before: datetime) -> QuerySet[InboxEvent]:
    return InboxEvent.objects.filter(processed_at__lt=before)


archives(services.KIND, model=InboxEvent, may_go=_applied, let_go=services.let_go)
