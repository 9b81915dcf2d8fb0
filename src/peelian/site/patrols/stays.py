"""Arriving, leaving and saying that a box is wrong, from a page without script: plain forms, each sent once."""

from datetime import timedelta
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from peelian.errors import ConflictError, NotFoundError
from peelian.forecasts.visits import How, Visit, WrongBecause
from peelian.site.clock import now
from peelian.site.pages import page
from peelian.site.patrols.boxes import GivenNight, Sheet, meant_box
from peelian.site.patrols.forms import BoxForm, LeaveForm, NoteForm
from peelian.site.patrols.sending import PATROL
from peelian.site.rules import actor_of, allow
from peelian.store.box_notes import WrittenNote, write_note
from peelian.store.patrols import LoggedVisit, OpenVisit, arrive, log_visit, open_visit

#: A stay this long was most likely a button forgotten: the page asks for the minutes.
LONG_MINUTES = 60.0


@allow(PATROL)
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Begin a stay from a page without script."""
    actor, at = actor_of(request), now()
    form = BoxForm(request.POST)
    if not form.is_valid():
        raise NotFoundError("the form names no box. Go back, reload, and choose one.")
    meant = meant_box(actor, form.cleaned_data["box"])
    given, box = meant.sheet.area.given, meant.box
    edit = meant.sheet.edits.struck.get(box.rank)
    if edit is not None:
        raise ConflictError(f"box {box.number} was suppressed by {edit.by}: {edit.reason}")
    minutes = dict(zip((b.number for b in meant.sheet.boxes), meant.sheet.minutes(at), strict=True))
    is_given = meant.sheet.kind in dict(given.kinds(meant.sheet.area, at)) and given.valid.holds(at)
    if not is_given or box.number not in minutes:
        raise ConflictError(f"box {box.number} is no longer given. Reload the page: it shows the boxes that are.")
    if minutes[box.number].has_reached(given.cap):
        raise ConflictError(f"box {box.number} has had its {given.cap} officer-minutes today. Choose another.")
    arrive(actor, form.cleaned_data["id"], box, meant.sheet.day(at), at=at)
    return _back(meant.sheet, box.number)


@allow(PATROL)
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End a stay that was begun by ``begin``; with minutes where the button was pressed late."""
    actor, at = actor_of(request), now()
    form = LeaveForm(request.POST)
    still = open_visit(actor)
    if not form.is_valid():
        raise ConflictError("that is no number of minutes. Go back and write one from 0 to 1440.")
    if still is None or still.id != form.cleaned_data["id"]:
        # Pressed twice, or on two pages: what was ended stays ended.
        return HttpResponseRedirect(reverse("patrol"))
    by_hand = form.cleaned_data["minutes"]
    minutes = (at - still.arrived).total_seconds() / 60 if by_hand is None else by_hand
    if minutes > LONG_MINUTES and by_hand is None:
        raise ConflictError(
            f"you arrived in box {still.box.number} {round(minutes)} minutes ago. Go back and write how many minutes "
            "you were there; more than an hour is logged only in so many words."
        )
    left = still.arrived + timedelta(minutes=minutes)
    how = How.TIMER if by_hand is None else How.BY_HAND
    visit = Visit(
        still.box, still.day, still.arrived, left, minutes, how, None, is_clock_doubtful=False, recorded_at=at
    )
    log_visit(actor, LoggedVisit(still.id, visit))
    return HttpResponseRedirect(_address_of(still))


@allow(PATROL)
@require_http_methods(["GET", "POST"])
def wrong(request: HttpRequest) -> HttpResponse:
    """Keep a note that a box is wrong, or return its form with what is missing."""
    actor, at = actor_of(request), now()
    if request.method != "POST":
        form = NoteForm(initial={"id": uuid4(), "box": request.GET.get("box", "")})
        meant = meant_box(actor, request.GET.get("box", ""))
        return page(request, "patrol_note.html.j2", place="patrol", form=form, meant=meant)
    form = NoteForm(request.POST)
    meant = meant_box(actor, request.POST.get("box", ""))
    if not form.is_valid():
        return page(request, "patrol_note.html.j2", status=400, place="patrol", form=form, meant=meant)
    said = form.cleaned_data
    write_note(actor, WrittenNote(said["id"], meant.box, WrongBecause(said["because"]), said["text"], at, at))
    return _back(meant.sheet, meant.box.number)


def _back(sheet: Sheet, number: str) -> HttpResponse:
    address = reverse("patrol-phone", kwargs=sheet.area.address)
    return HttpResponseRedirect(f"{address}?type={sheet.kind}&box={number}")


def _address_of(still: OpenVisit) -> str:
    given = GivenNight(still.box.force, still.box.night, still.box.level)
    slug = next((a["slug"] for a in given.index["areas"] if a["id"] == still.box.area_id), None)
    if slug is None:
        return reverse("patrol")
    return reverse("patrol-phone", kwargs={"force": still.box.force, "level": still.box.level, "area": slug})
