"""What a shift did, box by box: who was anywhere is nobody's table. And the notes that wait for an answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from peelian.delivery import words
from peelian.forecasts.visits import WRONG_WORDS, BoxMinutes, BoxNote
from peelian.records.access import Role
from peelian.site.clock import now
from peelian.site.pages import page
from peelian.site.patrols.boxes import GivenArea, Sheet, key_of, meant_box, night_of
from peelian.site.patrols.forms import AnswerForm
from peelian.site.rules import actor_of, allow
from peelian.store import box_notes
from peelian.store.patrols import minutes_by_box

#: Who sees what a shift did, per box.
OVERSIGHT = frozenset({Role.SERGEANT, Role.ANALYST, Role.ADMINISTRATOR, Role.EVALUATOR, Role.OVERSEER})
ANSWERS = frozenset({Role.ANALYST, Role.ADMINISTRATOR})
_COUNTED_DAYS = 28


@allow(OVERSIGHT)
@require_GET
def shift(request: HttpRequest, force: str, night: str, level: str, area: str) -> HttpResponse:
    """Return one area's boxes with their visits and minutes, and what waits: two minutes, one page."""
    at = now()
    given = night_of(force, night, level).area(actor_of(request), area)
    is_over = given.given.is_over(at)
    kinds = [(k["slug"], k["name"]) for k in given.given.index["kinds"] if _has_map(given, k["slug"])]
    sheets = [given.sheet(*kind) for kind in (kinds if is_over else given.given.kinds(given, at))]
    day = min(at, given.given.valid.end - timedelta(seconds=1))
    shown = [_sheet(s, minutes_by_box(s.all_boxes, s.day(day))) for s in sheets]
    waiting = box_notes.waiting_notes(force, level, (given.id,))
    since = given.given.night - timedelta(days=_COUNTED_DAYS)
    counted = box_notes.reasons_counted(force, level, (given.id,), since)
    return page(
        request,
        "patrol_shift.html.j2",
        place="patrol",
        area=given,
        sheets=shown,
        is_over=is_over,
        until=words.instant(given.given.valid.end, given.given.zone),
        days=_COUNTED_DAYS,
        reasons=[(WRONG_WORDS[because], n) for because, n in counted.items() if n],
        notes=[_note(n, given) for n in waiting],
        answered=[_note(n, given) for n in box_notes.answered_notes(force, level, (given.id,), most=10)],
        may_answer=actor_of(request).role in ANSWERS,
    )


@allow(ANSWERS)
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, note: UUID) -> HttpResponse:
    """Return the form that answers a note, or keep the answer."""
    actor, at = actor_of(request), now()
    told = box_notes.note(note)
    meant = meant_box(actor, key_of(told.box), told.box.square)
    given = meant.sheet.area
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        box_notes.answer_note(actor, note, form.cleaned_data["answer"], at=at)
        return HttpResponseRedirect(reverse("patrol-shift", kwargs=given.dated) + "#notes")
    status = 400 if form.errors else 200
    shown = _note(told, given)
    return page(request, "patrol_answer.html.j2", status=status, place="patrol", form=form, note=shown, area=given)


def _has_map(given: GivenArea, kind: str) -> bool:
    return any(m["kind"] == kind and m["area"] == given.slug for m in given.given.index["maps"])


def _sheet(sheet: Sheet, had: tuple[BoxMinutes, ...]) -> dict[str, Any]:
    given, view = sheet.area.given, sheet.map["view"]
    return {
        "crime": view["crime"],
        "many": view["many"],
        "struck": {str(rank): edit for rank, edit in sheet.edits.struck.items()},
        "says": _says(had, given.cap),
        "boxes": [
            {
                **sheet.told(box),
                "rank": box.number,
                "visits": m.visits,
                "minutes": f"{m.minutes:.0f}",
                "share": min(100.0, 100 * m.minutes / given.cap) if given.cap else 100.0,
                "last": words.instant(m.last_left, given.zone) if m.last_left else "–",
                "is_done": m.has_reached(given.cap),
            }
            for box, m in zip(sheet.all_boxes, had, strict=True)
        ],
        "cap": given.cap,
    }


def _says(had: tuple[BoxMinutes, ...], cap: int) -> str:
    """Return the sentence above a table: how many boxes were visited, and for how long in all."""
    visited = sum(1 for m in had if m.visits)
    if not visited:
        return "Nobody has been there yet, or nothing has been sent yet."
    done = sum(1 for m in had if m.has_reached(cap))
    capped = f"; {words.number(done)} had all it may have" if done else ""
    they = f"{words.number(visited).capitalize()} of {words.number(len(had))} boxes {'was' if visited == 1 else 'were'}"
    return f"{they} visited, {sum(m.minutes for m in had):.0f} officer-minutes in all{capped}."


def _note(note: BoxNote, given: GivenArea) -> dict[str, Any]:
    zone = given.given.zone
    return {
        "id": note.id,
        "box": f"{words.heading(note.box.crime_type)} box {note.box.number}, night of {words.day(note.box.night)}",
        "because": WRONG_WORDS[note.because],
        "text": note.text,
        "when": words.instant(note.written_at, zone),
        "answer": note.answer,
        "answered": words.instant(note.answered_at, zone) if note.answered_at else "",
    }
