"""Mail to people: promised in the outbox, sealed there, sent by a worker."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from krak.core import sealing
from krak.core.outbox import services as outbox
from krak.core.transactions import takes_part

TOPIC = "identity.mail"


@takes_part
def promise(*, to: str, subject: str, text: str) -> None:
    """Promise a mail. It may carry a code that opens an account, which staff must not read."""
    outbox.promise(TOPIC, {"to": sealing.seal(to), "subject": subject, "text": sealing.seal(text)})


def send(payload: dict[str, Any]) -> None:
    """Send what was promised; sent twice it is a nuisance and no harm."""
    EmailMessage(
        subject=payload["subject"],
        body=sealing.unseal(payload["text"]),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[sealing.unseal(payload["to"])],
    ).send()
