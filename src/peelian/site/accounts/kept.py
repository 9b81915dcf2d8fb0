"""A form that was sent after its session had ended: what was typed is kept through the sign-in and sent again."""

from dataclasses import dataclass

from django.core import signing
from django.http import HttpRequest, HttpResponse

from peelian.site.accounts.door import sign_in_page
from peelian.site.accounts.forms import SignInForm
from peelian.site.pages import page

#: Never kept, whatever form it stood in.
_SECRET = frozenset({"csrfmiddlewaretoken", "password", "present", "new", "again", "code"})
_SALT, _AGE_S = "peelian.kept-form", 24 * 3600


@dataclass(frozen=True, slots=True)
class KeptForm:
    """Where a form was sent and what stood in it, in order; files cannot be kept."""

    path: str
    fields: tuple[tuple[str, str], ...]
    has_files: bool

    def sealed(self) -> str:
        """Return it as text that nobody else can make."""
        return signing.dumps([self.path, self.fields, self.has_files], salt=_SALT, compress=True)


def session_ended(request: HttpRequest) -> HttpResponse:
    """Return the sign-in page for a form whose session has ended; what was typed travels with it."""
    fields = tuple(
        (name, str(value)) for name, values in request.POST.lists() if name not in _SECRET for value in values
    )
    form = KeptForm(request.get_full_path(), fields, bool(request.FILES))
    return sign_in_page(request, SignInForm(), onward=form.path, sealed=form.sealed(), status=401)


def opened(sealed: str) -> KeptForm | None:
    """Return the kept form from its text; None where it is none of ours, or a day old."""
    try:
        path, fields, has_files = signing.loads(sealed, salt=_SALT, max_age=_AGE_S)
        return KeptForm(str(path), tuple((str(n), str(v)) for n, v in fields), bool(has_files))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def resume(request: HttpRequest, form: KeptForm) -> HttpResponse:
    """Return the page that sends a kept form again, when its owner says so."""
    return page(request, "resume.html.j2", kept=form)
