"""All addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from cards.authorizations import webhooks as authorization_webhooks
from cards.clearing import webhooks as event_webhooks
from krak.api import health

urlpatterns = [
    path("webhooks/stripe/authorizations", authorization_webhooks.authorizations),
    path("webhooks/stripe/events", event_webhooks.events),
    path("healthz/live", health.live),
    path("healthz/ready", health.ready),
    path("v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("v1/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("v1/redoc", SpectacularRedocView.as_view(url_name="schema")),
    path("admin/", admin.site.urls),
]
if settings.SANDBOX:
    urlpatterns.append(path("v1/sandbox/", include("krak.sandbox.urls")))

handler404 = "krak.api.problems.not_found"
handler500 = "krak.api.problems.server_error"
