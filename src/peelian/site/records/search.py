"""Search: one box over everything, why each hit was found, and searches that are run again."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from peelian.errors import RecordError
from peelian.records.marking import READERS
from peelian.records.queries import Page
from peelian.site.records.forms import SaveForm, SearchForm, problem
from peelian.site.records.frame import Reader, by, catalogue, records_page, with_purpose
from peelian.site.rules import allow
from peelian.store.records import alerts as saved_searches
from peelian.store.records.search import PAGE_SIZE, crime_types, crs_in_use
from peelian.store.records.search import search as find

_MOST_PAGES = 15


@allow(READERS)
@require_safe
@with_purpose
def search(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Return the search page, with what was found where something was asked."""
    form = _form(request.GET)
    found: Page | None = None
    number = _number(request.GET.get("page", ""))
    if _asks(request.GET) and form.is_valid():
        try:
            found = find(form.cleaned_data["q"], form.filters(), reader.actor, reader.purpose, page=number)
        except RecordError as error:
            problem(form, error, "q")
    asked = urlencode([(name, value) for name, value in request.GET.items() if name in form.fields and value])
    return records_page(
        request,
        reader,
        "search.html.j2",
        "records",
        status=400 if form.errors else 200,
        form=form,
        found=found,
        types=catalogue().types,
        asked=asked,
        n_pages=min(-(-found.found // PAGE_SIZE), _MOST_PAGES) if found else 0,
        save=SaveForm(initial={"asked": asked, "name": request.GET.get("q", "")}) if found else None,
    )


@allow(READERS)
@require_safe
@with_purpose
def saved(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Return one's saved searches, and what they found since."""
    held = saved_searches.saved_by(reader.actor)
    return records_page(
        request,
        reader,
        "saved.html.j2",
        "records-saved",
        searches=held,
        names={s.id: s.name for s in held},
        alerts=saved_searches.alerts(reader.actor),
        types=catalogue().types,
    )


@allow(READERS)
@require_POST
@with_purpose
def save(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Save a search: its new hits are told from now on."""
    wanted = SaveForm(request.POST)
    if not wanted.is_valid():
        raise RecordError("give the saved search a name.")
    form = _form(QueryDict(wanted.cleaned_data["asked"]))
    if not form.is_valid():
        raise RecordError("the search cannot be read any more; search again, then save it.")
    saved_searches.save(wanted.cleaned_data["name"], form.cleaned_data["q"], form.filters(), reader.purpose, by(reader))
    return HttpResponseRedirect(reverse("records-saved"))


@allow(READERS)
@require_POST
@with_purpose
def end(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """End a saved search."""
    del request
    saved_searches.end(number, by(reader))
    return HttpResponseRedirect(reverse("records-saved"))


@allow(READERS)
@require_POST
@with_purpose
def mark_read(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Mark an alert as read."""
    del request
    saved_searches.mark_read(number, by(reader))
    return HttpResponseRedirect(reverse("records-saved"))


def _form(asked: QueryDict) -> SearchForm:
    return SearchForm(catalogue(), crime_types(), crs_in_use(), asked)


def _asks(asked: QueryDict) -> bool:
    return any(value for name, value in asked.items() if name != "page")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 4 and int(text) else 1  # noqa: PLR2004 - no page has four figures
