"""allauth's API for apps, below /v1/: which of its views are served, and behind which door."""

from typing import Any

from allauth.headless.account import views as account
from allauth.headless.constants import Client
from allauth.headless.mfa import views as mfa
from django.urls import path

from krak.identity import auth_views as ours
from krak.identity import door as doors
from krak.identity import spec
from krak.identity.door import Count, door


def _view(view: Any, *, count: Count | None = None, **options: Any) -> Any:
    return door(view.as_api_view(client=Client.APP, **options), count=count)


urlpatterns = [
    path("auth/openapi.json", spec.openapi, name="auth-schema"),
    path("auth/session", _view(ours.Session)),
    path("auth/signup", _view(account.SignupView, count=doors.signup,
                              input_class={"POST": ours.SignupInput})),
    path("auth/login", _view(account.LoginView, count=doors.login)),
    path("auth/reauthenticate", _view(ours.PasswordReauthentication,
                                      count=doors.password_of_session)),
    path("auth/email/verify", _view(account.VerifyEmailView, count=doors.mailed_code,
                                    http_method_names=["post"])),
    path("auth/email/verify/resend", _view(account.ResendEmailVerificationCodeView,
                                           count=doors.resend)),
    path("auth/password/request", _view(account.RequestPasswordResetView, count=doors.reset)),
    path("auth/password/reset", _view(ours.ResetPassword, count=doors.mailed_code)),
    path("auth/2fa/authenticate", _view(mfa.AuthenticateView, count=doors.second_factor)),
    path("auth/2fa/reauthenticate", _view(mfa.ReauthenticateView, count=doors.second_factor)),
    path("auth/webauthn/authenticate", _view(mfa.AuthenticateWebAuthnView, count=doors.passkey)),
    path("auth/webauthn/reauthenticate", _view(mfa.ReauthenticateWebAuthnView,
                                               count=doors.passkey)),
    path("auth/webauthn/login", _view(mfa.LoginWebAuthnView, count=doors.passkey)),
    path("auth/webauthn/signup", _view(
        mfa.SignupWebAuthnView, count=doors.signup,
        input_class={"POST": ours.PasskeySignupInput, "PUT": mfa.CreateWebAuthnInput})),
    path("account/password/change", _view(ours.ChangePassword, count=doors.password_of_session)),
    path("account/email", _view(account.ManageEmailView, count=doors.resend)),
    path("account/authenticators", _view(mfa.AuthenticatorsView)),
    path("account/authenticators/totp", _view(mfa.ManageTOTPView)),
    path("account/authenticators/recovery-codes", _view(mfa.ManageRecoveryCodesView)),
    path("account/authenticators/webauthn", _view(mfa.ManageWebAuthnView)),
]  # fmt: skip
