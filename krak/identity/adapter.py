"""How allauth does things here: whom it makes, how it writes mail, what it keeps sealed."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.adapter import DefaultHeadlessAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_subatomic.db import transaction_if_not_already

from krak.api.limits import client_address
from krak.core import clock, sealing
from krak.core.transactions import transaction
from krak.customers import services as customers
from krak.customers.models import User
from krak.identity import headers, mails, queries
from krak.identity.queries import DEVICE_IN_SESSION
from krak.identity.services import devices

NEW_TOKEN = "krak.device_token"  # noqa: S105 - a name


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts: a user and the customer they are, made together."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address as our own proxies saw it."""
        return client_address(request) or "0.0.0.0"  # noqa: S104 - nobody binds to it

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Let people sign up in the app only."""
        return bool(is_headless_request(request))

    def save_user(self, request: Any, user: Any, form: Any, commit: bool = True) -> Any:  # noqa: FBT001, FBT002
        """Make the user and the customer, or neither."""
        told = form.cleaned_data
        with transaction():
            made = super().save_user(request, user, form, commit=commit)
            customers.welcome(
                user=made,
                name=told.get("name", ""),
                country=told["country"],
                home_currency=told["home_currency"],
            )
        return made

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Note it on the user too: nothing but that is asked before money moves."""
        done: bool = super().confirm_email(request, email_address)
        if done:
            with transaction_if_not_already():
                customers.confirm_email(
                    user=email_address.user, email=email_address.email, now=clock.now()
                )
        return done

    def set_password(self, user: Any, password: str) -> None:
        """Set it, and sign out everywhere but here: a thief's token is dead at once."""
        super().set_password(user, password)
        session = getattr(allauth_context.request, "session", {})
        here = session.get(DEVICE_IN_SESSION) if _is_signed_in(user) else None
        with transaction_if_not_already():
            devices.end_others(user_id=user.pk, but=here, now=clock.now())

    def login(self, request: HttpRequest, user: Any) -> None:
        """Sign in: in the app, on a device that is remembered."""
        super().login(request, user)
        if not is_headless_request(request):
            return
        request.session.set_expiry(settings.APP_SESSION_SECONDS)
        with transaction():
            arrived = devices.sign_in(
                user=user,
                token=headers.device_token(request),
                user_agent=request.headers.get("User-Agent", ""),
                address=client_address(request) or None,
                now=clock.now(),
            )
        request.session[DEVICE_IN_SESSION] = str(arrived.device.id)
        if arrived.token:
            request.META[NEW_TOKEN] = arrived.token

    def logout(self, request: HttpRequest) -> None:
        """Sign out; the device stays known."""
        if device := request.session.get(DEVICE_IN_SESSION):
            with transaction():
                devices.sign_out(device_id=device, now=clock.now())
        super().logout(request)

    def is_reauthentication_required(self, app: str) -> bool:
        """Ask again before credentials change, but staff who have no second factor to show yet."""
        request = allauth_context.request
        if is_headless_request(request):
            return bool(super().is_reauthentication_required(app=app))
        return bool(queries.second_factors(request.user))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return staff's one way: what is not mounted cannot be shown."""
        return [{"id": "mfa_reauthenticate", "url": reverse("mfa_reauthenticate")}]

    def format_email_subject(self, subject: str) -> str:
        """Leave the subject as it is."""
        return str(subject)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail and promise to send it.

        So the answer does not wait for a mail server, and comes as fast whether or not the address
        is one of ours.
        """
        site = SimpleNamespace(name="Krak", domain=urlsplit(settings.PUBLIC_URL).netloc)
        message = self.render_mail(
            template_prefix,
            email,
            {"request": None, "email": email, "current_site": site, **context},
        )
        with transaction_if_not_already():
            mails.promise(to=email, subject=message.subject, text=str(message.body))

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Answer as to somebody who is not signed in."""
        return HttpResponse(status=401)

    def respond_email_verification_sent(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Stop here; allauth's API says what is pending."""
        return HttpResponse(status=401)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: their secrets rest sealed, passkeys belong to our address."""

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret."""
        return sealing.unseal(encrypted_text)

    def _get_site_name(self) -> str:
        return "Krak"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return whom passkeys are made for: our public address, whatever a request says."""
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "localhost", "name": "Krak"}


class HeadlessAdapter(DefaultHeadlessAdapter):  # type: ignore[misc]
    """What allauth's API says of a user."""

    def get_frontend_url(self, urlname: str, **kwargs: Any) -> str | None:
        """Return where the app opens, for links in mails."""
        return f"{settings.PUBLIC_URL}/app"


def _is_signed_in(user: User) -> bool:
    request = allauth_context.request
    return request is not None and request.user.is_authenticated and request.user.pk == user.pk
