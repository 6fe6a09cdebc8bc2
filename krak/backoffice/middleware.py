"""The back office's pages may do a little more than the rest of Krak, and nobody else may."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.middleware.csp import ContentSecurityPolicyMiddleware

from krak.core import csp
from krak.core.audit.context import acting

ADMIN: Final = "/admin/"


class ContentSecurityPolicy(ContentSecurityPolicyMiddleware):
    """Sends `SECURE_CSP`, or the admin's policy with the admin's pages."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Choose by the address that answered."""
        match = request.resolver_match
        if match is not None and match.route.startswith(("admin/", "staff/")):
            # What Django's own decorator does, for all of the admin's views at once.
            vars(response).setdefault("_csp_config", csp.ADMIN)
        return super().process_response(request, response)


class Audit:
    """Signs what staff change in the back office with who they are; other requests pass by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the changes of a form signed."""
        if request.method != "POST" or not request.path_info.startswith(ADMIN):
            return self.get_response(request)
        actor: UUID | None = request.user.pk
        with acting(actor=actor, request_id=request.META["krak.request_id"]):
            return self.get_response(request)
