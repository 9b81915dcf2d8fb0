"""What was typed into a form that could not be taken: kept in the session, and offered again to whoever typed it.

A session that ended in the middle of a form is the usual case. Files cannot be kept, and secrets are not.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from peelian.site.rules import actor_of

#: The form's own id, beside the CSRF token in every form (``once``), and the mark of a form that is sent from here.
FORM_ID, FROM_HERE = "form_id", "kept_form"
_SESSION = "kept_form"
_OURS = frozenset({"csrfmiddlewaretoken", FORM_ID, FROM_HERE, "next"})
_SECRET = re.compile(r"passw|secret|token|totp|(?<![a-z])(code|otp)|^(present|new|again)$", re.IGNORECASE)
_LONG = 70


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it was filled in."""

    name: str
    values: tuple[str, ...]

    @property
    def label(self) -> str:
        """Its name as words."""
        words = " ".join(re.split(r"[_\-]+", self.name))
        return words[:1].upper() + words[1:]

    @property
    def is_long(self) -> bool:
        """Whether it needs more than a line."""
        return any("\n" in v or len(v) > _LONG for v in self.values)


@dataclass(frozen=True, slots=True)
class Kept:
    """A form that waits to be sent again."""

    account: int
    path: str
    fields: tuple[Field, ...]
    files: tuple[str, ...]


def keep(request: HttpRequest, account: int) -> bool:
    """Keep a form's fields in the session; tell whether anything was there to keep."""
    fields = [
        [name, request.POST.getlist(name)]
        for name in request.POST
        if name not in _OURS and not _SECRET.search(name) and any(v.strip() for v in request.POST.getlist(name))
    ]
    if not fields:
        return False
    request.session[_SESSION] = {
        "account": account,
        "path": request.get_full_path(),
        "fields": fields,
        "files": list(request.FILES),
    }
    return True


def waiting(request: HttpRequest) -> Kept | None:
    """Return the form that waits for whoever asks, or None; nobody is shown what another account typed."""
    held = _held(request)
    if held is None or held["account"] != actor_of(request).id:
        return None
    fields = tuple(Field(name, tuple(values)) for name, values in held["fields"])
    return Kept(held["account"], held["path"], fields, tuple(held["files"]))


def is_kept(request: HttpRequest) -> bool:
    """Tell whether a form waits in this session, for whichever account."""
    return _held(request) is not None


def sent(request: HttpRequest) -> None:
    """Forget the form that waits, once it was taken."""
    if FROM_HERE in request.POST:
        forget(request)


def forget(request: HttpRequest) -> None:
    """Forget the form that waits."""
    request.session.pop(_SESSION, None)


def _held(request: HttpRequest) -> dict[str, Any] | None:
    session = getattr(request, "session", None)
    held: dict[str, Any] | None = None if session is None else session.get(_SESSION)
    return held
