"""All addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.csp import csp_override
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularSwaggerSplitView,
)

from cards.authorizations import api as authorizations
from cards.authorizations import webhooks as authorization_webhooks
from cards.cashback import api as cashback
from cards.issuing import webhooks as event_webhooks
from cards.issuing.api import cardholders, preferences, secrets
from cards.issuing.api import cards as issuing
from holdings.ledger import api as ledger
from krak.core import csp
from krak.customers.api import me, tags, terms, verification
from krak.identity import staff
from krak.identity.api import devices, step_up
from krak.notifications import api as notifications
from krak.runtime import health

_docs = csp_override(csp.DOCS)

urlpatterns = [
    path("webhooks/stripe/authorizations", authorization_webhooks.authorizations),
    path("webhooks/stripe/events", event_webhooks.events),
    path("healthz/live", health.live),
    path("healthz/ready", health.ready),
    path("v1/", include("krak.identity.urls")),
    path("v1/me", me.Me.as_view()),
    path("v1/me/tag", tags.MyTag.as_view()),
    path("v1/tags/<str:tag>", tags.OneTag.as_view()),
    path("v1/terms", terms.AllTerms.as_view()),
    path("v1/terms/accept", terms.AcceptTerms.as_view()),
    path("v1/verification-levels", verification.Levels.as_view()),
    path("v1/verifications", verification.Verifications.as_view()),
    path("v1/verifications/<str:shown_id>", verification.OneVerification.as_view()),
    path("v1/verifications/<str:shown_id>/submit", verification.SubmitVerification.as_view()),
    path("v1/preferences", preferences.Preferences.as_view()),
    path("v1/devices", devices.Devices.as_view()),
    path("v1/devices/<str:shown_id>", devices.OneDevice.as_view()),
    path("v1/step-up", step_up.StepUp.as_view()),
    path("v1/step-up/passkey", step_up.PasskeyChallenge.as_view()),
    path("v1/notifications", notifications.Notifications.as_view()),
    path("v1/notifications/read", notifications.ReadNotifications.as_view()),
    path("v1/balances", ledger.Balances.as_view()),
    path("v1/cardholder", cardholders.CardholderDoor.as_view()),
    path("v1/cards", issuing.Cards.as_view()),
    path("v1/cards/<str:shown_id>", issuing.OneCard.as_view()),
    path("v1/cards/<str:shown_id>/freeze", issuing.Freeze.as_view()),
    path("v1/cards/<str:shown_id>/unfreeze", issuing.Unfreeze.as_view()),
    path("v1/cards/<str:shown_id>/cancel", issuing.Cancel.as_view()),
    path("v1/cards/<str:shown_id>/replace", issuing.Replace.as_view()),
    path("v1/cards/<str:shown_id>/controls", issuing.CardControls.as_view()),
    path("v1/cards/<str:shown_id>/wallets", issuing.Wallets.as_view()),
    path("v1/cards/<str:shown_id>/details-key", secrets.DetailsKey.as_view()),
    path("v1/cards/<str:shown_id>/wallet-key", secrets.WalletKey.as_view()),
    path("v1/cards/<str:shown_id>/pin", secrets.Pin.as_view()),
    path("v1/merchant-categories", issuing.Categories.as_view()),
    path("v1/authorizations", authorizations.Authorizations.as_view()),
    path("v1/authorizations/<str:shown_id>", authorizations.OneAuthorization.as_view()),
    path("v1/purchases/preview", authorizations.PurchasePreview.as_view()),
    path("v1/cashback", cashback.Cashback.as_view()),
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    # Its script comes from an address of its own: the page needs no inline script.
    path("v1/docs", _docs(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    path("admin/login/", staff.login),
    path("admin/", admin.site.urls),
    path("staff/", include("krak.identity.staff_urls")),
]
if settings.SANDBOX:
    urlpatterns.append(path("v1/sandbox/", include("krak.sandbox.urls")))

handler404 = "krak.api.problems.not_found"
handler500 = "krak.api.problems.server_error"
