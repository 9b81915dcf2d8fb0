"""Links by e-mail that lead to a new password: for who forgot theirs, and for a new account. Only where mail is set."""

import logging
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from peelian.errors import NotFoundError, PeelianError, StoreError
from peelian.jobs.mail import Post, deliver
from peelian.records.access import Act, Actor
from peelian.site import limits
from peelian.site.accounts.forms import ForgottenForm, NewPasswordForm
from peelian.site.addresses import client_address
from peelian.site.configuration import LINK_HOURS, site_settings
from peelian.site.pages import page
from peelian.site.rules import EVERYONE, allow
from peelian.store import audit
from peelian.store.accounts import Account, set_password
from peelian.store.nights import utc_now

log = logging.getLogger(__name__)


def is_mail_set() -> bool:
    """Tell whether there is a server to take e-mail."""
    return bool(site_settings().mail.host)


def send_link(request: HttpRequest, by: Actor, account: Account) -> None:
    """Send an account a link to a new password and say so in the log.

    Raises
    ------
    StoreError
        When the account has no e-mail address, or the server does not take the message.
    """
    if not account.email:
        raise StoreError(f"account {account.username!r} has no e-mail address.")
    # Said first: a message that went out without its line would be worse than a line without its message.
    audit.tell(by, Act.DISCLOSED, f"sent {account.username} a link to a new password", record=f"account/{account.pk}")
    parts = {
        "who": urlsafe_base64_encode(str(account.pk).encode()),
        "token": default_token_generator.make_token(account),
    }
    address = request.build_absolute_uri(reverse("password-link", kwargs=parts))
    words = (
        f"{account.name},\n\nwith this link you choose the password of your Peelian account {account.username}. "
        f"It works once, within {LINK_HOURS} hours:\n\n{address}\n\n"
        "If you did not ask for it, do nothing: your password stays as it is.\n"
    )
    settings = site_settings()
    mail = settings.mail
    message = EmailMessage(policy=SMTP)
    message["Subject"], message["From"], message["To"] = "Your Peelian password", mail.sender, account.email
    message["Date"], message["Auto-Submitted"] = format_datetime(utc_now()), "auto-generated"
    message.set_content(words)
    post = Post(mail.host, mail.port, mail.security, mail.sender, mail.user, settings.mail_password)
    fault = deliver(message, post)
    if fault:
        raise StoreError(f"the e-mail could not be sent ({fault}). See [mail] in peelian.toml.")


@allow(EVERYONE)
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Return the page for who forgot the password; the answer is the same for every name."""
    if not is_mail_set():
        raise NotFoundError("this site sends no e-mail. Your administrator sets a new password for you.")
    form = ForgottenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["username"].casefold()
        limits.LINK_FROM.take(client_address(request))
        limits.LINK_NAME.take(name)
        account = Account.objects.filter(username__iexact=name, is_active=True).exclude(email="").first()
        # Who signs in by the organisation has no password here to forget.
        if account is not None and account.has_usable_password():
            try:
                send_link(request, account.actor(), account)
            except PeelianError:
                # The page says the same for every name; the log says what went wrong.
                log.exception("a link for account %s", account.pk)
        return page(request, "link_sent.html.j2", hours=LINK_HOURS)
    return page(request, "forgotten.html.j2", status=400 if form.errors else 200, form=form)


@allow(EVERYONE)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, who: str, token: str) -> HttpResponse:
    """Return the page behind a link: a new password, once."""
    account = _account_of(who)
    if account is None or not default_token_generator.check_token(account, token):
        return page(
            request,
            "error.html.j2",
            status=404,
            heading="This link leads no further.",
            sentence=f"A link works once and for {LINK_HOURS} hours. Ask for another.",
        )
    form = NewPasswordForm(account, request.POST or None)
    if request.method == "POST" and form.is_valid():
        set_password(account.actor(), account, form.cleaned_data["new"], at=utc_now(), how="by a link")
        return HttpResponseRedirect(reverse("sign-in"))
    response = page(request, "password.html.j2", status=400 if form.errors else 200, form=form, must=False)
    # The address is the key: it is told to nobody.
    response["Referrer-Policy"] = "no-referrer"
    return response


def _account_of(who: str) -> Account | None:
    try:
        number = int(urlsafe_base64_decode(who).decode("ascii"))
    except (ValueError, UnicodeDecodeError, OverflowError):
        return None
    return Account.objects.filter(pk=number, is_active=True).first() if 0 < number < 2**62 else None
