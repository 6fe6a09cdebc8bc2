"""The one place that hands notices to others."""

from functools import cache
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.utils.module_loading import import_string

from krak.notifications.channels.base import NotSent, Parcel, Push
from krak.notifications.kinds import Channel

_FOOTER: Final = "What we write to you about, and where, is up to you: see the app's settings."


def has_push() -> bool:
    """Tell whether this Krak has a push provider at all."""
    return bool(settings.PUSH_BACKEND)


def send(channel: Channel, parcel: Parcel) -> None:
    """Hand a notice on. Whatever else than the two it raises leaves open whether it went out.

    Raises:
        NotSent: it certainly did not go out.
        Gone: nobody is there any more.
    """
    if channel is Channel.EMAIL:
        _mail(parcel)
    else:
        _push(settings.PUSH_BACKEND).send(parcel)


def _mail(parcel: Parcel) -> None:
    mailer = mailers.default
    try:
        mailer.open()
    except OSError as error:  # which all of smtplib's errors are
        raise NotSent(str(error)) from error
    message = EmailMessage(
        subject=parcel.title,
        body=f"{parcel.text}\n\n{_FOOTER}\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[parcel.address],
    )
    try:
        mailer.send_messages([message])
    finally:
        mailer.close()


@cache
def _push(backend: str) -> Push:
    made: Push = import_string(backend)()
    return made
