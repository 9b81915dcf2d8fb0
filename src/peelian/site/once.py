"""Every form carries an id of its own: sent twice, it acts once, and the second sender gets the first one's answer.

The id stands in each form beside the CSRF token, signed, with the account for which the page was made.
"""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.signing import BadSignature, Signer
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from peelian.site import kept
from peelian.site.pages import page
from peelian.site.rules import actor_of
from peelian.store import sent_forms
from peelian.store.nights import utc_now

Handler = Callable[[HttpRequest], HttpResponse]
View = TypeVar("View", bound=Callable[..., Any])
log = logging.getLogger(__name__)

#: How long the second of two equal forms waits for the first one's answer, and how often it looks.
WAIT_S, LOOK_S = 8.0, 0.05
_signer = Signer(salt="peelian.site.once")


@dataclass(frozen=True, slots=True)
class Mark:
    """A form's id, and the account for which it was drawn; 0 for who had not signed in."""

    id: str
    account: int


def may_repeat(view: View) -> View:
    """Mark a view whose forms may act as often as they are sent: signing in and out."""
    view.may_repeat = True  # type: ignore[attr-defined] # a mark on a function
    return view


def form_parts(request: HttpRequest) -> dict[str, object]:
    """Return what stands in every form: the CSRF token and an id, another one for each form of a page."""

    def inputs() -> SafeString:
        signed = _signer.sign(f"{secrets.token_urlsafe(18)}.{actor_of(request).id or 0}")
        return format_html(
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="{}" value="{}">',
            get_token(request),
            kept.FORM_ID,
            signed,
        )

    return {"csrf_input": lazy(inputs, SafeString, str)()}


def mark_of(request: HttpRequest) -> Mark | None:
    """Return the id of the form that was sent; None for one without, or with one that we did not give."""
    try:
        mark, _, account = _signer.unsign(request.POST.get(kept.FORM_ID, "")).rpartition(".")
    except BadSignature:
        return None
    return Mark(mark, int(account))


def keep(request: HttpRequest) -> bool:
    """Keep what was typed into a form that cannot be taken now, for the account that typed it; tell whether it was."""
    mark = mark_of(request) if request.method == "POST" else None
    if mark is None or not mark.account or actor_of(request).id not in (None, mark.account):
        return False
    return kept.keep(request, mark.account)


class OnceMiddleware:
    """Lets each form act once."""

    def __init__(self, get_response: Handler) -> None:
        """Keep what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand the request on, and keep where its answer led."""
        response = self.get_response(request)
        mark = getattr(request, "form_mark", None)
        if mark is None:
            return response
        is_taken = response.status_code < 400  # noqa: PLR2004 - from here on it was refused
        try:
            if is_taken:
                sent_forms.answered(mark, response.get("Location", ""))
            else:
                sent_forms.refused(mark)
        except DatabaseError:
            log.exception("the answer to a form of %s could not be kept", request.path)
        if is_taken:
            kept.sent(request)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Answer a form that was sent before as it was answered then."""
        del args, kwargs
        mark = mark_of(request) if request.method == "POST" and not getattr(view, "may_repeat", False) else None
        if mark is None:
            return None
        account, path = actor_of(request).id, request.get_full_path()
        until = time.monotonic() + WAIT_S
        while not sent_forms.claim(mark.id, account, path, utc_now()):
            before = sent_forms.sent(mark.id)
            if before is None:
                continue  # it was refused a moment ago
            if before.is_answered or (before.account, before.path) != (account, path) or time.monotonic() > until:
                return _again(request, before, (account, path))
            time.sleep(LOOK_S)
        request.form_mark = mark.id  # type: ignore[attr-defined] # ours
        return None


def _again(request: HttpRequest, before: sent_forms.Sent, asks: tuple[int | None, str]) -> HttpResponse:
    if before.is_answered and before.location and (before.account, before.path) == asks:
        return HttpResponseRedirect(before.location)
    sentence = (
        "This form was sent before, and it was done once. Its answer is not shown twice."
        if before.is_answered
        else "This form was sent before and has no answer yet. Look whether it is there before you send it anew."
    )
    return page(request, "error.html.j2", status=409, heading="This form was sent already.", sentence=sentence)
