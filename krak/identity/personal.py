"""How somebody signed in, which ends with them."""

from datetime import datetime

from django.contrib.sessions.models import Session

from krak.core.personal import Person, holds, sweeps, sweeps_later
from krak.identity.models import Device

holds("identity.Device", of="user_id", owner="user", hides=("digest",), deletes=True)
holds("identity.Proof", of="user_id", owner="user", hides=("subject",), deletes=True)
holds("account.EmailAddress", of="user_id", owner="user", deletes=True)
holds("mfa.Authenticator", of="user_id", owner="user", hides=("data",), deletes=True)


@sweeps
def _sign_out(person: Person, now: datetime) -> None:
    Device.objects.filter(user_id=person.user_id).update(ended_at=now)


@sweeps_later
def _end_sessions(person: Person, now: datetime) -> None:
    for session in Session.objects.filter(expire_date__gt=now).iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.user_id):
            session.delete()
