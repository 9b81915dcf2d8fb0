"""The sign-in page itself, wherever it is needed: name and password, and the organisation's own sign-in beside it."""

from django.http import HttpRequest, HttpResponse

from peelian.site.accounts.forms import SignInForm
from peelian.site.configuration import site_settings
from peelian.site.pages import page


def sign_in_page(request: HttpRequest, form: SignInForm, *, onward: str, status: int = 200) -> HttpResponse:
    """Return the page, which says so where a form waits that was sent after its session had ended."""
    settings = site_settings()
    return page(
        request,
        "sign_in.html.j2",
        status=status,
        form=form,
        onward=onward,
        oidc=settings.site.oidc.label if settings.site.oidc.issuer else "",
        by_mail=bool(settings.mail.host),
    )
