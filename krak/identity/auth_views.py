"""allauth's views where they are not quite what a bank needs."""

from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.headless.account import inputs, views
from allauth.headless.base.response import ReauthenticationResponse
from allauth.headless.mfa import inputs as mfa_inputs
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseBase

from krak.identity import queries


class _SignsUpOnce:
    """Answers somebody who has an account as somebody who has none, and as slowly."""

    account_already_exists: bool

    def try_save(self, request: HttpRequest) -> Any:
        """Make the account, or write to the one who has it."""
        if not self.account_already_exists:
            try:
                return super().try_save(request)  # type: ignore[misc]
            except IntegrityError:
                # Two at once with one address: the other one was first.
                self.account_already_exists = True
        make_password(self.cleaned_data.get("password") or "")  # type: ignore[attr-defined]
        return super().try_save(request)  # type: ignore[misc]


class SignupInput(_SignsUpOnce, inputs.SignupInput):  # type: ignore[misc]
    """With a password."""


class PasskeySignupInput(_SignsUpOnce, mfa_inputs.SignupWebAuthnInput):  # type: ignore[misc]
    """With a passkey."""


class PasswordReauthentication(views.ReauthenticateView):  # type: ignore[misc]
    """Who has a second factor proves themselves with it; a password does not stand in for it."""

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer what is needed instead, if it is."""
        if queries.second_factors(request.user):  # type: ignore[arg-type]
            needed: HttpResponseBase = ReauthenticationResponse(request)
            return needed
        response: HttpResponseBase = super().handle(request, *args, **kwargs)
        return response


class ChangePassword(views.ChangePasswordView):  # type: ignore[misc]
    """The old password is not enough where there is a second factor."""

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask for the second factor first."""
        if queries.second_factors(request.user):  # type: ignore[arg-type]
            raise_if_reauthentication_required(request, app="allauth.account")
        response: HttpResponseBase = super().handle(request, *args, **kwargs)
        return response


class ResetPassword(views.ResetPasswordView):  # type: ignore[misc]
    """By a code from a mail, with the new password; there is no looking whether a code is right."""

    http_method_names = ("post",)


class Session(views.SessionView):  # type: ignore[misc]
    """Who is signed in, and signing out."""

    handle_json_input = False
