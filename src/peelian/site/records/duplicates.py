"""Records that may be one: the queue with each weight taken apart, a person's decision, and merges undone."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from peelian.delivery.waterfall import bars_of
from peelian.errors import NotFoundError, RecordError
from peelian.records.marking import KEEPERS, READERS, Notice
from peelian.site.records.forms import DecisionForm, ReasonForm
from peelian.site.records.frame import Reader, by, catalogue, records_page, with_purpose
from peelian.site.records.record import closed, said_of
from peelian.site.rules import allow
from peelian.store.records import merges, reading

_SIZE = 25
_DECISIONS = ("open", "accepted", "rejected")


@allow(KEEPERS)
@require_safe
@with_purpose
def queue(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Return the pairs that wait for a decision, the surest first, or those decided."""
    decision = request.GET.get("decision", "open")
    decision = decision if decision in _DECISIONS else "open"
    after = request.GET.get("after", "")
    skipped = int(after) if after.isascii() and after.isdecimal() and len(after) < 9 else 0  # noqa: PLR2004 - no queue is longer
    page = merges.queue(reader.actor, reader.purpose, decision=decision, after=skipped, size=_SIZE)
    return records_page(
        request,
        reader,
        "duplicates.html.j2",
        "records-duplicates",
        proposals=page,
        titles=reading.titles_of(pk for p in page for pk in (p.left, p.right)),
        types=catalogue().types,
        decision=decision,
        decisions=_DECISIONS,
        waiting=merges.count(decision),
        skipped=skipped,
        size=_SIZE,
    )


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def proposal(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Show two records side by side with the weight between them, and take the decision."""
    found = merges.proposal(number, reader.actor, reader.purpose)
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        accept = request.POST.get("decision") == "accept"
        if not accept and request.POST.get("decision") != "reject":
            raise RecordError("say whether the two are one or not: use one of the two buttons.")
        merges.decide(catalogue(), number, by(reader), accept=accept, note=form.cleaned_data["note"])
        if accept:
            return HttpResponseRedirect(reverse("record-merges", kwargs={"number": found.left}))
        return HttpResponseRedirect(reverse("records-duplicates"))
    sides = [reading.show(catalogue(), pk, reader.actor, reader.purpose) for pk in (found.left, found.right)]
    left, right = sides
    if isinstance(left, Notice) or isinstance(right, Notice):
        raise NotFoundError(f"there is no proposal {number}.")
    names = dict.fromkeys(said.name for side in (left, right) for said in said_of(side.entity))
    return records_page(
        request,
        reader,
        "proposal.html.j2",
        "records-duplicates",
        proposal=found,
        left=left,
        right=right,
        names=names,
        bars=bars_of(found.waterfall),
        form=form,
    )


@allow(READERS)
@require_safe
@with_purpose
def merges_of(request: HttpRequest, reader: Reader, number: int) -> HttpResponse:
    """Return which records are one with this, why, and what was parted again."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    found = {link.id: link for pk in view.entity.members for link in merges.merges_of(pk, reader.actor, reader.purpose)}
    ends = reading.readable_by(reader.actor, {end for link in found.values() for end in (link.start, link.end)})
    shown = [link for _, link in sorted(found.items()) if link.start in ends and link.end in ends]
    return records_page(
        request,
        reader,
        "merges.html.j2",
        "records",
        number=number,
        view=view,
        merges=shown,
        titles=reading.titles_of(ends),
    )


@allow(KEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
@with_purpose
def undo(request: HttpRequest, reader: Reader, number: int, link: int) -> HttpResponse:
    """Part two records again: both are what they were, to the letter."""
    view = reading.show(catalogue(), number, reader.actor, reader.purpose)
    if isinstance(view, Notice):
        return closed(request, reader, view)
    tie = next((m for m in view.merges if m.id == link), None)
    if tie is None:
        raise NotFoundError(f"record {number} has no merge {link} that stands.")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        merges.undo(link, form.cleaned_data["reason"], by(reader))
        return HttpResponseRedirect(reverse("record-merges", kwargs={"number": number}))
    return records_page(
        request,
        reader,
        "undo.html.j2",
        "records",
        status=400 if form.errors else 200,
        number=number,
        view=view,
        tie=tie,
        titles=reading.titles_of([tie.start, tie.end]),
        form=form,
    )
