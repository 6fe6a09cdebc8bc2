"""allauth's own pages, for staff: the second factor and nothing else, below /staff/."""

from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path
from django.views.generic import RedirectView

from krak.identity.staff import counted, staff_only

_home = RedirectView.as_view(pattern_name="admin:index")

urlpatterns = [
    path("2fa/", staff_only(counted(mfa.reauthenticate)), name="mfa_reauthenticate"),
    path("2fa/enrol/", staff_only(counted(totp.activate_totp)), name="mfa_activate_totp"),
    path("2fa/recovery-codes/", staff_only(recovery_codes.view_recovery_codes),
         name="mfa_view_recovery_codes"),
    path("2fa/recovery-codes/new/", staff_only(recovery_codes.generate_recovery_codes),
         name="mfa_generate_recovery_codes"),
    path("2fa/recovery-codes/download/", staff_only(recovery_codes.download_recovery_codes),
         name="mfa_download_recovery_codes"),
    # Names that allauth redirects to from its other pages. Its API makes such redirects too, in
    # passing, and throws them away.
    path("home/", _home, name="mfa_index"),
    path("sign-in/", _home, name="account_login"),
    path("again/", _home, name="account_reauthenticate"),
    path("code/", _home, name="mfa_authenticate"),
    path("passkey/", _home, name="mfa_signup_webauthn"),
    path("passkey/again/", _home, name="mfa_reauthenticate_webauthn"),
]  # fmt: skip
