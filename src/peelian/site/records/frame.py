"""What every page of records shares: its parts, and the purpose, asked once a session, that every read carries."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from peelian.records.access import Actor, Role
from peelian.records.catalogue import Catalogue
from peelian.records.marking import KEEPERS, READERS
from peelian.records.purpose import Purpose
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.site.once import keep
from peelian.site.pages import page
from peelian.site.records.forms import PurposeForm
from peelian.site.rules import actor_of, allow
from peelian.store.records.rules import Rules, read_rules
from peelian.store.records.writing import By

_SESSION = "records_purpose"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the records' pages; ``name`` is the name of its address."""

    name: str
    words: str
    roles: frozenset[Role] = READERS


PARTS = (
    Part("records", "Search"),
    Part("records-new", "New record"),
    Part("records-saved", "Saved searches"),
    Part("records-duplicates", "Duplicates", KEEPERS),
    Part("records-review", "Review", KEEPERS),
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads records, and what for."""

    actor: Actor
    purpose: Purpose

    @property
    def is_keeper(self) -> bool:
        """Whether they decide over records."""
        return self.actor.role in KEEPERS


def with_purpose(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a view be asked only with the purpose of this session; without one it is asked for first."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 - the view's own
        text = request.session.get(_SESSION)
        if not isinstance(text, str):
            onward = request.get_full_path()
            if request.method == "POST":
                onward = reverse("kept") if keep(request) else reverse("records")
            return HttpResponseRedirect(f"{reverse('records-purpose')}?{urlencode({'next': onward})}")
        return view(request, Reader(actor_of(request), Purpose(text)), *args, **kwargs)

    return asked


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def purpose(request: HttpRequest) -> HttpResponse:
    """Ask what records are read for, and keep it for the session."""
    given = request.POST.get("next") or request.GET.get("next", "")
    onward = given if url_has_allowed_host_and_scheme(given, {request.get_host()}) else reverse("records")
    form = PurposeForm(request.POST or None, initial={"purpose": request.session.get(_SESSION, "")})
    if request.method == "POST" and form.is_valid():
        request.session[_SESSION] = form.purpose_of().text
        return HttpResponseRedirect(onward)
    return page(
        request,
        "records/purpose.html.j2",
        status=400 if form.errors else 200,
        place="records",
        record_parts=_parts(request),
        record_part="",
        reader=None,
        form=form,
        onward=onward,
    )


def records_page(
    request: HttpRequest, reader: Reader, template: str, part: str, *, status: int = 200, **parts: object
) -> HttpResponse:
    """Return a page of records, which shows for what purpose it is read."""
    told = {"record_parts": _parts(request), "record_part": part, "reader": reader, "here": request.get_full_path()}
    return page(request, f"records/{template}", status=status, place="records", **told, **parts)


def rules() -> Rules:
    """Return the home's record types and retention policy."""
    return read_rules(site_settings().home)


def catalogue() -> Catalogue:
    """Return the home's record types."""
    return rules().catalogue


def by(reader: Reader) -> By:
    """Return who changes something, and when."""
    return By(reader.actor, now())


def _parts(request: HttpRequest) -> list[Part]:
    return [part for part in PARTS if actor_of(request).role in part.roles]
