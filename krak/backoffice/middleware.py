"""The back office's pages may do a little more than the rest of Krak, and nobody else may."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csp import ContentSecurityPolicyMiddleware

from krak.core import csp


class ContentSecurityPolicy(ContentSecurityPolicyMiddleware):
    """Sends `SECURE_CSP`, or the admin's policy with the admin's pages."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Choose by the address that answered."""
        match = request.resolver_match
        if match is not None and match.route.startswith(("admin/", "staff/")):
            # What Django's own decorator does, for all of the admin's views at once.
            vars(response).setdefault("_csp_config", csp.ADMIN)
        return super().process_response(request, response)
