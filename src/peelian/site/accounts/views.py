"""Signing in and out, and one's own account."""

from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from peelian.records.access import NOBODY, Act, Actor, Role
from peelian.site import kept, limits
from peelian.site.accounts.door import sign_in_page
from peelian.site.accounts.entry import enter, name_tried, onward_of
from peelian.site.accounts.forms import PasswordForm, SignInForm
from peelian.site.addresses import client_address
from peelian.site.configuration import WAIT_MINUTES
from peelian.site.once import may_repeat
from peelian.site.pages import page
from peelian.site.rules import EVERYONE, SIGNED_IN, actor_of, allow
from peelian.store import audit, second_factor, sessions
from peelian.store.accounts import Account, end_sessions, set_password
from peelian.store.nights import utc_now


@allow(EVERYONE)
@may_repeat
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Return the page to sign in, or lead on to where the reader wanted to go."""
    onward = onward_of(request)
    if request.method != "POST":
        if actor_of(request).role != Role.PUBLIC:
            return HttpResponseRedirect(onward)
        return sign_in_page(request, SignInForm(), onward=onward)
    form = SignInForm(request.POST)
    if form.is_valid():
        username = form.cleaned_data["username"]
        limits.SIGN_IN_FROM.take(client_address(request))
        limits.SIGN_IN_NAME.take(name_tried(request, {"username": username}) or "")
        account = authenticate(request, username=username, password=form.cleaned_data["password"])
        if isinstance(account, Account):
            return enter(request, account, onward=onward, how="password")
        if getattr(request, "axes_locked_out", False):
            return locked_out(request)
        audit.tell(Actor(None, username, Role.PUBLIC), Act.REFUSED, f"a sign-in failed from {client_address(request)}")
        form.add_error(None, "No open account has this name and password.")
    return sign_in_page(request, form, onward=onward, status=400)


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """Return the page for too many failures; the right password does not help before the wait is over."""
    if not getattr(request, "told_of_lock", False):
        name = name_tried(request, None) or ""
        words = f"sign-ins as {name!r} from {client_address(request)} wait after too many failures"
        audit.tell(NOBODY, Act.REFUSED, words)
        request.told_of_lock = True  # type: ignore[attr-defined] # axes answers once more after the view
    response = page(
        request,
        "error.html.j2",
        status=429,
        heading="Too many attempts.",
        sentence=f"This name and address wait {WAIT_MINUTES} minutes. Your administrator can let you in before.",
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
    """Return the page about one's own account: role, areas, second factor, and where it is signed in."""
    own = own_account(request)
    return page(
        request,
        "account.html.j2",
        account=own,
        sessions=sessions.of_account(own.pk, request.session.session_key),
        is_enrolled=second_factor.is_enrolled(own),
        codes_left=second_factor.codes_left(own),
    )


@allow(SIGNED_IN)
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all of one's own sessions, this one among them."""
    own = own_account(request)
    end_sessions(own.actor(), own, at=utc_now())
    logout(request)
    return HttpResponseRedirect(reverse("sign-in"))


@allow(SIGNED_IN)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Return the page for a new password of one's own."""
    own = own_account(request)
    form = PasswordForm(own, request.POST or None)
    if request.method == "POST" and form.is_valid():
        set_password(own.actor(), own, form.cleaned_data["new"], at=utc_now())
        update_session_auth_hash(request, own)
        return HttpResponseRedirect(reverse("account"))
    status = 400 if form.errors else 200
    return page(request, "password.html.j2", status=status, form=form, must=own.must_change_password)


def own_account(request: HttpRequest) -> Account:
    """Return whose session it is; only for views that a rule keeps to who has signed in."""
    own = request.user
    assert isinstance(own, Account)  # noqa: S101 - the rule lets in nobody else
    return own
