"""The second factor: asked for while signing in, set up there by administrators, by others on their own account."""

from collections.abc import Callable
from functools import wraps

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from django_otp import DEVICE_ID_SESSION_KEY
from markupsafe import Markup

from peelian.records.access import Act, Role
from peelian.site import limits
from peelian.site.accounts.entry import Pending, complete, pending
from peelian.site.accounts.forms import CodeForm, PresentPasswordForm
from peelian.site.accounts.views import own_account
from peelian.site.addresses import client_address
from peelian.site.pages import page
from peelian.site.rules import EVERYONE, SIGNED_IN, allow
from peelian.store import audit, second_factor
from peelian.store.accounts import Account
from peelian.store.nights import utc_now

View = Callable[[HttpRequest, Pending], HttpResponse]


def _while_signing_in(view: View) -> Callable[[HttpRequest], HttpResponse]:
    """Hand a view the sign-in that waits for its second factor; without one it leads back to the beginning."""

    @wraps(view)
    def led(request: HttpRequest) -> HttpResponse:
        waiting = pending(request)
        return HttpResponseRedirect(reverse("sign-in")) if waiting is None else view(request, waiting)

    return led


@allow(EVERYONE)
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@_while_signing_in
def code(request: HttpRequest, waiting: Pending) -> HttpResponse:
    """Return the page that asks for a code, or sign in with it."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = _checked(waiting.account, form, second_factor.check)
        if answer:
            return complete(request, waiting, answer.device)
        words = f"a code failed from {client_address(request)}"
        audit.tell(waiting.account.actor(), Act.REFUSED, words)
    return page(request, "code.html.j2", status=400 if form.errors else 200, form=form, account=waiting.account)


@allow(EVERYONE)
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@_while_signing_in
def enrol(request: HttpRequest, waiting: Pending) -> HttpResponse:
    """Return the page on which an administrator sets up a second factor before going on."""
    if second_factor.is_enrolled(waiting.account):
        return HttpResponseRedirect(reverse("code"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made: list[str] = []
        answer = _confirmed(waiting.account, form, made)
        if answer:
            onward = complete(request, waiting, answer.device)
            # The way on was a redirect; the codes are shown before it, once.
            request.actor = waiting.account.actor()  # type: ignore[attr-defined] # ours
            return page(request, "codes.html.j2", codes=made, onward=onward.headers.get("Location", reverse("home")))
    return _enrolment(request, waiting.account, form, is_forced=True)


@allow(SIGNED_IN)
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """Return the page on which anybody sets up a second factor for their own account, or changes the phone."""
    account = own_account(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made: list[str] = []
        answer = _confirmed(account, form, made)
        if answer:
            # All sessions ended with the old phone; this one goes on, under a new key, as verified.
            request.session.cycle_key()
            request.session[DEVICE_ID_SESSION_KEY] = answer.device
            return page(request, "codes.html.j2", codes=made, onward=reverse("account"))
    return _enrolment(request, account, form, is_forced=False)


@allow(SIGNED_IN)
@sensitive_post_parameters("present")
@require_http_methods(["GET", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """Return new recovery codes, to who knows the account's password."""
    account = own_account(request)
    form = PresentPasswordForm(account, request.POST or None)
    if not second_factor.is_enrolled(account):
        return HttpResponseRedirect(reverse("two-factor"))
    if request.method == "POST" and form.is_valid():
        made = second_factor.new_codes(account.actor(), account, at=utc_now())
        return page(request, "codes.html.j2", codes=made, onward=reverse("account"))
    heading, button = "New recovery codes", "Make new codes"
    sentence = "The codes that you have now end. The new ones are shown once."
    return page(
        request,
        "ask_password.html.j2",
        status=400 if form.errors else 200,
        form=form,
        heading=heading,
        sentence=sentence,
        button=button,
    )


@allow(SIGNED_IN - {Role.ADMINISTRATOR})
@sensitive_post_parameters("present")
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest) -> HttpResponse:
    """Take one's own second factor away; an administrator's stays, on this phone or another."""
    account = own_account(request)
    form = PresentPasswordForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        second_factor.reset(account.actor(), account, at=utc_now())
        return HttpResponseRedirect(reverse("sign-in"))
    return page(
        request,
        "ask_password.html.j2",
        status=400 if form.errors else 200,
        form=form,
        heading="Sign in without a code again",
        sentence="Your phone's codes and the recovery codes end, and so does every session of yours.",
        button="Take it away",
    )


def _checked(
    account: Account, form: CodeForm, check: Callable[[Account, str], second_factor.Answer]
) -> second_factor.Answer:
    """Return what became of the code; the form says why where it was not taken."""
    limits.CODE.take(str(account.pk))
    answer = check(account, form.cleaned_data["code"])
    if not answer and answer.wait_s:
        form.add_error("code", f"After a wrong code there is a wait: {answer.wait_s} s from now.")
    elif not answer:
        form.add_error("code", "This code is not right, or was used already. Wait for the next one.")
    return answer


def _confirmed(account: Account, form: CodeForm, made: list[str]) -> second_factor.Answer:
    def confirm(whose: Account, tried: str) -> second_factor.Answer:
        answer, codes_made = second_factor.confirm(whose.actor(), whose, tried, at=utc_now())
        made.extend(codes_made)
        return answer

    return _checked(account, form, confirm)


def _enrolment(request: HttpRequest, account: Account, form: CodeForm, *, is_forced: bool) -> HttpResponse:
    told = second_factor.begin(account)
    picture = segno.make(told.address, error="m").svg_inline(omitsize=True, border=4, dark="#1b2426", light="#ffffff")
    return page(
        request,
        "enrol.html.j2",
        status=400 if form.errors else 200,
        form=form,
        secret=told.secret,
        address=told.address,
        picture=Markup(picture),  # noqa: S704 # nosec - drawn by segno, no text in it
        is_forced=is_forced,
    )
