"""Signing in, step by step: first who, then the second factor where one is needed, then the session.

Until the last step nobody is signed in: the session only remembers whose turn it is, for ten minutes.
"""

from dataclasses import dataclass

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp import DEVICE_ID_SESSION_KEY

from peelian.errors import NotAllowedError
from peelian.records.access import Act
from peelian.site.addresses import client_address
from peelian.store import audit, second_factor, sessions
from peelian.store.accounts import Account
from peelian.store.nights import utc_now

_PENDING = "sign_in"
_PENDING_S = 600
#: Sessions are Django's own, whoever vouched for the account.
_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that still lacks its second factor."""

    account: Account
    onward: str
    how: str


def enter(request: HttpRequest, account: Account, *, onward: str, how: str) -> HttpResponse:
    """Go on after the first factor: into the session, or to where the second is asked for.

    Raises
    ------
    NotAllowedError
        When the account was given a password to change, and too long ago.
    """
    until = account.one_time_until
    if how == "password" and until is not None and until < utc_now():
        raise NotAllowedError("this password was for the first days only. Ask your administrator for a new one.")
    if not second_factor.is_needed(account):
        return _finish(request, account, onward=onward, how=how)
    # The key changes here too: what was known of the session before is worth nothing after.
    request.session.cycle_key()
    request.session[_PENDING] = [account.pk, utc_now().timestamp(), onward, how]
    return HttpResponseRedirect(reverse("code" if second_factor.is_enrolled(account) else "enrol"))


def pending(request: HttpRequest) -> Pending | None:
    """Return the sign-in that waits for its second factor in this session; None where there is none, or too old."""
    found = request.session.get(_PENDING)
    if found is None:
        return None
    number, began, onward, how = found
    account = Account.objects.filter(pk=number, is_active=True).first()
    if account is None or utc_now().timestamp() - began > _PENDING_S:
        del request.session[_PENDING]
        return None
    return Pending(account, onward, how)


def complete(request: HttpRequest, waiting: Pending, device: str) -> HttpResponse:
    """Sign in after the second factor; the session remembers which device knew it."""
    return _finish(
        request,
        waiting.account,
        onward=waiting.onward,
        how=f"{waiting.how} and code",
        device=device,
    )


def onward_of(request: HttpRequest) -> str:
    """Return where the reader wanted to go: only an address of our own."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("home")


def name_tried(request: HttpRequest, credentials: dict[str, str] | None) -> str | None:
    """Return the name under which failures are counted: a name has one count, whatever its capitals."""
    name = (credentials or {}).get("username") or request.POST.get("username")
    return None if name is None else name.strip().casefold()[:150]


def is_without_password(request: HttpRequest, credentials: dict[str, str] | None) -> bool:
    """Tell whether a sign-in has no password to guess: the organisation's own counts its failures itself."""
    del request
    return not (credentials or {}).get("username")


def _finish(request: HttpRequest, account: Account, *, onward: str, how: str, device: str = "") -> HttpResponse:
    request.session.pop(_PENDING, None)
    login(request, account, backend=_BACKEND)
    if device:
        request.session[DEVICE_ID_SESSION_KEY] = device
    request.session["address"] = client_address(request)
    request.session["browser"] = sessions.browser_words(request.headers.get("User-Agent", ""))
    sessions.sweep()
    audit.tell(account.actor(), Act.SIGNED_IN, f"signed in from {client_address(request)}, by {how}")
    return HttpResponseRedirect(onward)
