"""The sandbox's mail server: mails are kept in the database and read at `/v1/sandbox/mails`."""

from collections.abc import Sequence

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from krak.sandbox.models import SandboxMail


class KeptMail(BaseEmailBackend):
    """Keeps instead of sending."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the mails and return how many."""
        made = SandboxMail.objects.bulk_create(
            [
                SandboxMail(
                    to=[address.lower() for address in mail.to],
                    subject=str(mail.subject),
                    text=str(mail.body),
                )
                for mail in email_messages
            ]
        )
        return len(made)
