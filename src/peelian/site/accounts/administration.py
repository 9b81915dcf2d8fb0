"""Accounts by page, for administrators: open, change, close, help back in. Every act is written in the log."""

from axes.utils import reset as forget_failures
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from peelian.errors import NotAllowedError, PeelianError, StoreError
from peelian.records.access import EVERYWHERE, Act, Role
from peelian.site import limits
from peelian.site.accounts.areas import known_areas
from peelian.site.accounts.forms import AccountForm, NewAccountForm
from peelian.site.accounts.links import is_mail_set, send_link
from peelian.site.configuration import site_settings
from peelian.site.pages import page
from peelian.site.rules import actor_of, allow
from peelian.store import accounts, audit, second_factor, sessions
from peelian.store.accounts import Account, account_of
from peelian.store.nights import utc_now

_PLACE = "accounts"


@allow(Role.ADMINISTRATOR)
@require_safe
def every(request: HttpRequest) -> HttpResponse:
    """Return the list of all accounts, open ones first."""
    known = sorted(accounts.accounts(), key=lambda a: (not a.is_active, a.username.casefold()))
    n_open = sum(a.is_active for a in known)
    n_administrators = sum(a.is_active and a.role == Role.ADMINISTRATOR.value for a in known)
    return page(
        request,
        "accounts.html.j2",
        place=_PLACE,
        accounts=known,
        n_open=n_open,
        n_administrators=n_administrators,
        everywhere=EVERYWHERE,
    )


@allow(Role.ADMINISTRATOR)
@sensitive_variables("password")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Return the page that opens an account; where it was opened, its first password, shown once."""
    form = NewAccountForm(known_areas(site_settings().home), _ways_in(), request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        by_password = told["way"] == "password"
        password = accounts.one_time_password() if by_password else None
        try:
            made = accounts.open_account(
                actor_of(request),
                told["username"],
                told["name"],
                Role(told["role"]),
                told["areas"],
                password,
                at=utc_now(),
                email=told["email"],
                must_change_password=by_password,
            )
        except StoreError as error:
            form.add_error(None, str(error))
        else:
            if told["way"] == "link":
                return _after_link(request, made)
            if password is not None:
                return _show_once(request, made, password)
            return HttpResponseRedirect(_address(made))
    return page(request, "account_new.html.j2", status=400 if form.errors else 200, place=_PLACE, form=form)


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Return the page of an account, or change it."""
    account = account_of(number)
    areas = [a for a in account.areas if a != EVERYWHERE]
    known = known_areas(site_settings().home)
    gone = [(a, a) for a in areas if not any(a == i for _, group in known for i, _ in group)]
    known += [("No longer on any map", gone)] if gone else []
    at_first = {"name": account.name, "email": account.email, "role": account.role, "areas": areas}
    form = AccountForm(known, request.POST or None, initial=at_first)
    form.hold_to(at_first)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        changes = {name: told[name] for name in at_first} | {"areas": sorted(told["areas"]) or [EVERYWHERE]}
        try:
            accounts.change_account(actor_of(request), account, at=utc_now(), **changes)
        except StoreError as error:
            form.add_error(None, str(error))
        else:
            return HttpResponseRedirect(_address(account))
    return page(
        request,
        "account_one.html.j2",
        status=400 if form.errors else 200,
        place=_PLACE,
        account=account_of(number),
        form=form,
        sessions=sessions.of_account(account.pk),
        is_enrolled=second_factor.is_enrolled(account),
        has_password=account.has_usable_password(),
        by_mail=is_mail_set(),
        is_self=account.pk == actor_of(request).id,
        lines=audit.about(f"account/{account.pk}", most=20),
    )


@allow(Role.ADMINISTRATOR)
@require_POST
def close(request: HttpRequest, number: int) -> HttpResponse:
    """Close an account, or open it again."""
    account = account_of(number)
    is_active = request.POST.get("open") == "yes"
    accounts.change_account(actor_of(request), account, at=utc_now(), is_active=is_active)
    return HttpResponseRedirect(_address(account))


@allow(Role.ADMINISTRATOR)
@sensitive_variables("password")
@require_POST
def new_password(request: HttpRequest, number: int) -> HttpResponse:
    """Give an account a password to be changed at the next sign-in; shown once, or by a link where mail is set."""
    account = account_of(number)
    if account.pk == actor_of(request).id:
        raise NotAllowedError("your own password you set on your own page.")
    if request.POST.get("way") == "link":
        return _after_link(request, account)
    password = accounts.one_time_password()
    accounts.set_password(actor_of(request), account, password, at=utc_now(), must_change=True)
    return _show_once(request, account, password)


@allow(Role.ADMINISTRATOR)
@require_POST
def end_sessions(request: HttpRequest, number: int) -> HttpResponse:
    """End all sessions of an account."""
    account = account_of(number)
    accounts.end_sessions(actor_of(request), account, at=utc_now())
    return HttpResponseRedirect(_address(account))


@allow(Role.ADMINISTRATOR)
@require_POST
def reset_two_factor(request: HttpRequest, number: int) -> HttpResponse:
    """Take the second factor of an account away, for a lost phone; not one's own."""
    account = account_of(number)
    if account.pk == actor_of(request).id:
        raise NotAllowedError(
            "your own phone you change on your own page; 'peelian user reset-two-factor' is the other."
        )
    second_factor.reset(actor_of(request), account, at=utc_now())
    return HttpResponseRedirect(_address(account))


@allow(Role.ADMINISTRATOR)
@require_POST
def let_in(request: HttpRequest, number: int) -> HttpResponse:
    """End the wait after too many failures."""
    account = account_of(number)
    name = account.username.casefold()
    audit.tell(
        actor_of(request),
        Act.ALTERED,
        f"ended the wait of {account.username} after failed sign-ins",
        record=f"account/{account.pk}",
    )
    forget_failures(username=name)
    limits.SIGN_IN_NAME.give_back(name)
    limits.CODE.give_back(str(account.pk))
    return HttpResponseRedirect(_address(account))


@allow(Role.ADMINISTRATOR)
@require_POST
def forget_subject(request: HttpRequest, number: int) -> HttpResponse:
    """Forget who the organisation's sign-in said this is: the next one may be somebody else by the same name."""
    account = account_of(number)
    accounts.bind_subject(actor_of(request), account, None, at=utc_now())
    return HttpResponseRedirect(_address(account))


def _ways_in() -> list[tuple[str, str]]:
    ways = [("link", "A link by e-mail")] if is_mail_set() else []
    ways.append(("password", "A password to hand over, shown once"))
    oidc = site_settings().site.oidc
    return [*ways, ("oidc", f"Only by {oidc.label}")] if oidc.issuer else ways


def _after_link(request: HttpRequest, account: Account) -> HttpResponse:
    try:
        send_link(request, actor_of(request), account)
    except PeelianError as error:
        sentence = f"{account.username} is open, and no link went out: {error}"
        return page(
            request, "account_told.html.j2", place=_PLACE, account=account, heading="No e-mail.", sentence=sentence
        )
    return page(
        request,
        "account_told.html.j2",
        place=_PLACE,
        account=account,
        heading=f"{account.name} has a link.",
        sentence=f"It went to {account.email} and works once.",
    )


def _show_once(request: HttpRequest, account: Account, password: str) -> HttpResponse:
    return page(request, "account_password.html.j2", place=_PLACE, account=account, password=password)


def _address(account: Account) -> str:
    return reverse("one-account", kwargs={"number": account.pk})
