"""Ties between two records: made with the sentence that they make, taken back for a reason."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from peelian.errors import ConflictError, NotAllowedError, NotFoundError, RecordError
from peelian.records.marking import READERS, Notice
from peelian.records.queries import Filters, Hit
from peelian.records.statements import Reliability
from peelian.site.records.entry_forms import FindForm, TieForm, ways_between
from peelian.site.records.forms import ReasonForm, problem
from peelian.site.records.frame import Reader, by, catalogue, records_page, with_purpose
from peelian.site.records.record import closed
from peelian.site.rules import allow
from peelian.store.records import reading, writing
from peelian.store.records.reading import View
from peelian.store.records.search import search
from peelian.store.records.writing import Told

_MOST_HITS = 12


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def tie(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Find the other record (``?q=``), then tie the two (``?to=``)."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    to = _whole(request.GET.get("to", ""))
    find = FindForm({"q": request.GET["q"]} if "q" in request.GET else None)
    other: View | None = None
    if to is not None:
        try:
            other = _other(reader, view, to)
        except (NotFoundError, NotAllowedError, RecordError) as error:
            find = FindForm({"q": str(to)})
            find.is_valid()
            problem(find, error, "q")
    ways = _ways(view, number, other, to)
    form = TieForm(ways, request.POST or None) if other is not None and ways else None
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            _tie(reader, number, to or 0, form)
        except (ConflictError, RecordError) as error:
            problem(form, error, "way")
        else:
            return HttpResponseRedirect(f"{reverse('record', kwargs={'number': number})}#links")
    hits = _found(reader, number, find) if other is None else ()
    return records_page(
        request,
        reader,
        "tie.html.j2",
        "records",
        status=400 if find.errors or (form is not None and form.errors) else 200,
        number=number,
        view=view,
        find=find,
        form=form,
        other=other,
        to=to,
        hits=hits,
        by_number=_whole(request.GET.get("q", "").strip()),
        types=catalogue().types,
    )


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def untie(request: HttpRequest, reader: Reader, number: int, link: int) -> HttpResponse:
    """Take back a tie, for a reason. It stays in the history."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    page = reading.neighbours(catalogue(), number, reader.actor, reader.purpose, after=link - 1, size=1)
    found = None if isinstance(page, Notice) else next(iter(page.neighbours), None)
    if found is None or found.link is None or found.link.id != link:
        raise NotFoundError(f"record {number} has no tie {link} that stands and that you may read.")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        writing.untie(catalogue(), link, form.cleaned_data["reason"], by(reader))
        return HttpResponseRedirect(f"{reverse('record', kwargs={'number': number})}#links")
    status = 400 if form.errors else 200
    return records_page(
        request, reader, "untie.html.j2", "records", status=status, form=form, number=number, view=view, tie=found
    )


def _other(reader: Reader, view: View, to: int) -> View:
    """Return the record to tie, as it is read.

    Raises
    ------
    NotFoundError
        When there is none.
    NotAllowedError
        When it may not be read: whom to ask.
    RecordError
        When it is the same thing.
    """
    if to in view.entity.members:
        raise RecordError(f"record {to} is this record itself; a tie leads to another.")
    found = reading.show(catalogue(), to, reader.actor, reader.purpose)
    if isinstance(found, Notice):
        raise NotAllowedError(found.sentence)
    return found


def _ways(view: View, number: int, other: View | None, to: int | None) -> Mapping[str, str]:
    if other is None:
        return {}
    one, two = (
        (v.entity.type.name, f"{v.entity.title} ({n})" if view.entity.title == other.entity.title else v.entity.title)
        for v, n in ((view, number), (other, to))
    )
    return ways_between(catalogue().links.values(), one, two)


def _tie(reader: Reader, number: int, to: int, form: TieForm) -> None:
    told = form.cleaned_data
    way = told["way"]
    start, end = (number, to) if way.endswith(">") else (to, number)
    said = Told(told["source"], None, Reliability(told["reliability"]))
    writing.tie(catalogue(), way[:-1], start, end, said, by(reader), detail=told["detail"])


def _found(reader: Reader, number: int, find: FindForm) -> tuple[Hit, ...]:
    """Return what the search found, this record itself left out; a number alone is offered by the page as one."""
    if not find.is_bound or not find.is_valid() or not find.cleaned_data["q"]:
        return ()
    try:
        page = search(find.cleaned_data["q"], Filters(), reader.actor, reader.purpose)
    except RecordError as error:
        problem(find, error, "q")
        return ()
    return tuple(hit for hit in page.hits if hit.record != number)[:_MOST_HITS]


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None  # noqa: PLR2004 - what a number can be
