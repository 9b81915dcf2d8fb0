"""Signing in and out, and one's own account."""

from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from peelian.records.access import NOBODY, Act, Actor, Role
from peelian.site import kept
from peelian.site.accounts.forms import PasswordForm, SignInForm
from peelian.site.addresses import client_address
from peelian.site.configuration import WAIT_MINUTES
from peelian.site.once import may_repeat
from peelian.site.pages import page
from peelian.site.rules import EVERYONE, SIGNED_IN, actor_of, allow
from peelian.store import audit
from peelian.store.accounts import Account, set_password
from peelian.store.nights import utc_now


@allow(EVERYONE)
@may_repeat
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Return the page to sign in, or lead on to where the reader wanted to go."""
    onward = _onward(request)
    if request.method != "POST":
        if actor_of(request).role != Role.PUBLIC:
            return HttpResponseRedirect(onward)
        return page(request, "sign_in.html.j2", form=SignInForm(), onward=onward)
    form = SignInForm(request.POST)
    if form.is_valid():
        username = form.cleaned_data["username"]
        account = authenticate(request, username=username, password=form.cleaned_data["password"])
        if isinstance(account, Account):
            login(request, account)
            audit.tell(account.actor(), Act.SIGNED_IN, f"signed in from {client_address(request)}")
            return HttpResponseRedirect(onward)
        if getattr(request, "axes_locked_out", False):
            return locked_out(request)
        audit.tell(Actor(None, username, Role.PUBLIC), Act.REFUSED, f"a sign-in failed from {client_address(request)}")
        form.add_error(None, "No open account has this name and password.")
    return page(request, "sign_in.html.j2", status=400, form=form, onward=onward)


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """Return the page for too many failures; the right password does not help before the wait is over."""
    audit.tell(NOBODY, Act.REFUSED, f"sign-ins from {client_address(request)} wait after too many failures")
    response = page(
        request,
        "error.html.j2",
        status=429,
        heading="Too many attempts.",
        sentence=f"This name and address wait {WAIT_MINUTES} minutes. Your administrator can set a new password.",
    )
    response["Retry-After"] = str(WAIT_MINUTES * 60)
    return response


@allow(EVERYONE)
@may_repeat
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    actor = actor_of(request)
    if actor.role != Role.PUBLIC:
        audit.tell(actor, Act.SIGNED_OUT, "signed out")
    logout(request)
    return HttpResponseRedirect(reverse("home"))


@allow(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def kept_form(request: HttpRequest) -> HttpResponse:
    """Return what was typed into a form that could not be taken, to be sent again; or throw it away."""
    if request.method == "POST":
        kept.forget(request)
        return HttpResponseRedirect(reverse("home"))
    return page(request, "kept.html.j2", kept=kept.waiting(request), is_anothers=kept.is_kept(request))


@allow(SIGNED_IN)
def account(request: HttpRequest) -> HttpResponse:
    """Return the page about one's own account: role, areas, and what the log holds of it."""
    return page(request, "account.html.j2", account=request.user)


@allow(SIGNED_IN)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Return the page for a new password of one's own."""
    account = request.user
    assert isinstance(account, Account)  # noqa: S101 - the rule lets in nobody else
    form = PasswordForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        set_password(account.actor(), account, form.cleaned_data["new"], at=utc_now())
        update_session_auth_hash(request, account)
        return HttpResponseRedirect(reverse("account"))
    status = 400 if form.errors else 200
    return page(request, "password.html.j2", status=status, form=form, must=account.must_change_password)


def _onward(request: HttpRequest) -> str:
    """Return where the reader wanted to go: only an address of our own."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("home")
