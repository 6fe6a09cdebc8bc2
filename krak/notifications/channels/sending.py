"""The one place that hands notices to others."""

from functools import cache
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.utils.module_loading import import_string

from krak.notifications.channels.base import Parcel, Push, SendAgain
from krak.notifications.kinds import Channel

_FOOTER: Final = "What we write to you about, and where, is up to you: see the app's settings."
# Google's libraries take a while to load, and the sandbox is not there outside of it.
_FCM: Final = "krak.notifications.channels.fcm.Fcm"
_SANDBOX: Final = "krak.sandbox.push.KeptPush"


def has_push() -> bool:
    """Tell whether this Krak has a push provider at all."""
    return bool(settings.PUSH_BACKEND != "none")


def send(channel: Channel, parcel: Parcel) -> None:
    """Hand a notice on. Whatever else than the three it raises leaves open whether it went out.

    Raises:
        SendAgain: it is to be sent again.
        Refused: it did not go out, and never will.
        Gone: nobody is there any more.
    """
    if channel is Channel.EMAIL:
        _mail(parcel)
    else:
        _push().send(parcel)


def _mail(parcel: Parcel) -> None:
    mailer = mailers.default
    try:
        mailer.open()
    except OSError as error:  # which all of smtplib's errors are
        raise SendAgain(str(error)) from error
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


def _push() -> Push:
    if settings.PUSH_BACKEND == "fcm":
        return _fcm(settings.FCM_KEY, settings.FCM_URL)
    kept: Push = import_string(_SANDBOX)()
    return kept


@cache
def _fcm(key: str, url: str) -> Push:
    # One per process, for the sake of its connections and its access token.
    made: Push = import_string(_FCM)(key=key, url=url)
    return made
