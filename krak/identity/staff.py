"""How staff get in: Django's sign-in, counted, then allauth's second factor before any page."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin, auth
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from krak.api.limits import address_counted
from krak.api.problems import refuses_plainly
from krak.core import clock
from krak.core.limits import services as limits
from krak.identity import limits as ours

OPEN = frozenset({"login", "logout", "jsi18n"})
_SEEN: Final = "krak_staff_seen"
_NOTED_EVERY: Final = 60


@refuses_plainly
def login(request: HttpRequest) -> HttpResponse:
    """Sign a member of staff in; what is tried is counted as at the customers' door."""
    if request.method == "POST":
        limits.take(ours.login(request, request.POST.get("username", "").lower()[:254]))
    return admin.site.login(request)


def staff_only(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a page of staff: for a signed-in customer there is no such page."""

    def answered(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and not request.user.is_staff:
            raise Http404
        return page(request)

    return answered


def counted(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a page that takes a code: guesses are counted as at the customers' door."""

    @refuses_plainly
    def answered(request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or not request.user.is_authenticated:
            return page(request)
        tries = ours.second_factor(request, str(request.user.pk))
        limits.take(tries)
        response = page(request)
        if response.status_code == 302:  # noqa: PLR2004 - the code was right
            limits.forget(tries)
        return response

    return answered


class _AtPagesOfStaff(ABC):
    """Looks at who asks for a page of the back office, before the page does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, arguments: Any, named: Any
    ) -> HttpResponse | None:
        """Pass on what is no page of the back office, and whoever is not signed in."""
        match = request.resolver_match
        if match is None or match.namespace != "admin" or not request.user.is_authenticated:
            return None
        return self.instead_of(match.url_name, request)

    @abstractmethod
    def instead_of(self, page: str | None, request: HttpRequest) -> HttpResponse | None:
        """Return what a signed-in user gets instead of a page, or None to let them pass."""


class Session(_AtPagesOfStaff):
    """Ends a session of the back office that rested too long, or that is used from elsewhere.

    When it was used is noted once a minute.
    """

    def instead_of(self, page: str | None, request: HttpRequest) -> HttpResponse | None:
        """Sign out whoever comes with a session that is over."""
        now, address = int(clock.now().timestamp()), address_counted(request)
        since, where = request.session.get(_SEEN, (now, address))
        if now - since > settings.STAFF_IDLE_SECONDS or where != address:
            auth.logout(request)
            return _to(reverse("admin:login"), request)
        if _SEEN not in request.session or now - since > _NOTED_EVERY:
            request.session[_SEEN] = (now, address)
        return None


class SecondFactor(_AtPagesOfStaff):
    """Keeps staff out of the back office until this session has shown a second factor.

    Who has none is sent to enrol one. `KRAK_ADMIN_MFA` switches it; a query is made for the back
    office's own pages only.
    """

    def instead_of(self, page: str | None, request: HttpRequest) -> HttpResponse | None:
        """Send whoever has not shown a second factor to show or enrol one."""
        user = request.user
        if not settings.ADMIN_MFA or page in OPEN:
            return None
        if any(record["method"] == "mfa" for record in get_authentication_records(request, user)):
            return None
        enrolled = Authenticator.objects.filter(user=user).exists()
        return _to(reverse("mfa_reauthenticate" if enrolled else "mfa_activate_totp"), request)


def _to(page: str, request: HttpRequest) -> HttpResponse:
    """Send somebody to a page, and back to where they are from there."""
    return HttpResponseRedirect(f"{page}?{urlencode({'next': request.get_full_path()})}")
