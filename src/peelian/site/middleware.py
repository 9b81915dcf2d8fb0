"""What every request passes: who asks, whether the page lets them, and errors turned into pages."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from peelian.errors import (
    ConflictError,
    LockedError,
    NotAllowedError,
    NotFoundError,
    PeelianError,
    PublicationError,
    StoreError,
    TooOftenError,
)
from peelian.records.access import NOBODY, Role
from peelian.site import uploads
from peelian.site.once import keep
from peelian.site.pages import page
from peelian.site.reach import reaching
from peelian.site.rules import actor_of, rule_of
from peelian.store.accounts import Account

Handler = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)

#: Which error is which status; the first that fits counts.
STATUS: tuple[tuple[type[PeelianError], int], ...] = (
    (NotAllowedError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (LockedError, 409),
    (PublicationError, 409),
    (TooOftenError, 429),
    (StoreError, 503),
    (PeelianError, 400),
)


def status_of(error: PeelianError) -> int:
    """Return the status with which an error is answered."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def retry_after(answer: HttpResponse, error: PeelianError) -> HttpResponse:
    """Return the answer with when to ask again, where it was asked too often."""
    if isinstance(error, TooOftenError):
        answer["Retry-After"] = str(error.wait_s)
    return answer


class ErrorMiddleware:
    """Answers an error of ours with a page that says it in a sentence."""

    def __init__(self, get_response: Handler) -> None:
        """Keep what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page for an error of ours; others are Django's to answer (``faults``)."""
        if not isinstance(error, PeelianError):
            return None
        status = status_of(error)
        keep(request)
        if status >= 500:  # noqa: PLR2004 - from here on it is ours, not the reader's
            log.error("%s %r: %r", request.method, request.path, str(error))  # quoted: a line of the log is one line
        answer = page(request, "error.html.j2", status=status, heading=_HEADINGS[status], sentence=str(error))
        return retry_after(answer, error)


class RuleMiddleware:
    """Puts the actor on the request and asks the view's rule."""

    def __init__(self, get_response: Handler) -> None:
        """Keep what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Find out who asks, then hand the request on."""
        user = request.user
        if isinstance(user, Account) and not _is_whole(user):
            request.user = AnonymousUser()
        account = request.user
        request.actor = reaching(account.actor()) if isinstance(account, Account) else NOBODY  # type: ignore[attr-defined] # ours
        response = self.get_response(request)
        if actor_of(request).role != Role.PUBLIC or getattr(request, "auth", None) is not None:
            # What one reader may see, no shared cache may hand to the next; going back after signing out shows nothing.
            response.setdefault("Cache-Control", "private, no-store")
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Refuse what the view's rule does not allow; operations of the API ask their own rules."""
        del args, kwargs
        match = request.resolver_match
        if match is not None and {"api", "ogc"} & set(match.namespaces):
            return None
        actor, rule = actor_of(request), rule_of(view)
        if rule is None:
            log.error("view %r has no rule", request.path)
            return page(request, "error.html.j2", status=403, heading=_HEADINGS[403], sentence="This page has no rule.")
        if not rule.lets_in(actor):
            if actor.role == Role.PUBLIC:
                onward = reverse("kept") if keep(request) else request.get_full_path()
                return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': onward})}")
            sentence = f"This page is not for the role {actor.role.value}."
            return page(request, "error.html.j2", status=403, heading=_HEADINGS[403], sentence=sentence)
        return _detained(request)


def _is_whole(account: Account) -> bool:
    """Tell whether a session has shown all it must: an administrator's a second factor too, however it was opened."""
    return account.role != Role.ADMINISTRATOR.value or bool(account.is_verified())  # type: ignore[attr-defined] # django-otp's


def _detained(request: HttpRequest) -> HttpResponse | None:
    """Return where an account must go first: to a new password where it was given one to change."""
    user = request.user
    if isinstance(user, Account) and user.must_change_password and request.path not in _ALWAYS:
        return HttpResponseRedirect(reverse("password"))
    return None


_ALWAYS = frozenset({"/password/", "/sign-out/"})
_HEADINGS = {
    400: "That cannot be done.",
    403: "This is not yours to see.",
    404: "There is nothing here.",
    409: "Something came in between.",
    429: "That was asked too often.",
    500: "A fault of ours.",
    503: "Peelian cannot reach its store.",
}


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for a form whose token does not fit: most often a session that ended while it was filled in."""
    log.info("csrf: %s", reason)
    if keep(request):
        # Its own id shows that we drew this form for that account: what was typed may be offered again.
        here = reverse("kept")
        is_out = actor_of(request).role == Role.PUBLIC
        return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': here})}" if is_out else here)
    return page(
        request,
        "error.html.j2",
        status=403,
        heading="This form has waited too long.",
        sentence="Your session ended or changed since the page was opened. Go back, reload, and send it again.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for an address that leads nowhere; to a program, a sentence."""
    del exception
    if request.path.startswith(("/api/v1/", "/ogc/")):
        return JsonResponse({"detail": "Nothing has this address.", "errors": []}, status=404)
    return page(request, "error.html.j2", status=404, heading=_HEADINGS[404], sentence="No page has this address.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for a request that cannot be read, or holds a file that is too large."""
    if isinstance(exception, RequestDataTooBig) and str(exception) == uploads.sentence():
        return page(request, "error.html.j2", status=413, heading=_HEADINGS[400], sentence=uploads.sentence())
    return page(
        request, "error.html.j2", status=400, heading=_HEADINGS[400], sentence="The request cannot be understood."
    )


def fault(request: HttpRequest) -> HttpResponse:
    """Return the page for a fault in Peelian itself: the log has the rest."""
    return page(
        request,
        "error.html.j2",
        status=500,
        heading=_HEADINGS[500],
        sentence="Nothing that was answered as saved is lost. The administrator finds the rest in the log.",
    )
