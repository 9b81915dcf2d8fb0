"""The phone page: my boxes, one button, what next. Whole without script; with script it also works without signal."""

from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from peelian.delivery import words
from peelian.errors import NotFoundError
from peelian.forecasts.visits import WRONG_WORDS, BoxNote, How, Visit
from peelian.records.access import Actor, Role
from peelian.site.clock import is_demonstration, now
from peelian.site.pages import page
from peelian.site.patrols.boxes import GivenArea, GivenNight, Sheet, folders, nights_given
from peelian.site.patrols.forms import NoteForm
from peelian.site.patrols.sending import PATROL
from peelian.site.patrols.stays import LONG_MINUTES
from peelian.site.rules import actor_of, allow
from peelian.store.box_notes import own_notes
from peelian.store.night_folders import Document
from peelian.store.nights import switched_off
from peelian.store.patrols import OpenVisit, open_visit, own_visits

#: Everyone whose day has a patrol in it.
SHIFT = frozenset({Role.OFFICER, Role.SERGEANT, Role.ANALYST, Role.ADMINISTRATOR})
#: 10 to 15 minutes are a visit (docs/guide/patrol.md).
ENOUGH_MINUTES, FULL_MINUTES = 10, 15


@allow(SHIFT)
@require_GET
def door(request: HttpRequest) -> HttpResponse:
    """Lead whoever patrols one area to its boxes; show whoever has more what there is, area by area."""
    actor, at = actor_of(request), now()
    # What is in force stands above what comes.
    given = [(g, g.areas(actor)) for g in sorted(nights_given(at), key=lambda g: g.valid.start)]
    areas = {tuple(a.address.items()) for _, among in given for a in among}
    if actor.role == Role.OFFICER and len(areas) == 1:
        return HttpResponseRedirect(reverse("patrol-phone", kwargs=dict(areas.pop())))
    shown = [
        {
            "given": g,
            "force": g.index["force"]["name"],
            "off": switched_off(g.force),
            "has_begun": g.valid.start <= at,
            "until": words.instant(g.valid.end, g.zone),
            "begins": words.instant(g.valid.start, g.zone),
            "areas": [(a, [words.heading(name) for _, name in g.kinds(a, at)]) for a in among],
        }
        for g, among in given
        if among
    ]
    return page(request, "patrol_door.html.j2", place="patrol", nights=shown, may_patrol=actor.role in PATROL)


@allow(PATROL)
@require_GET
def phone(request: HttpRequest, force: str, level: str, area: str) -> HttpResponse:
    """Return the phone page of one area; where no boxes are given, it says so and still sends what waits."""
    actor, at = actor_of(request), now()
    given = [g.area(actor, area) for g in nights_given(at) if (g.force, g.level) == (force, level)]
    latest = given[0] if given else _latest(actor, force, level, area)
    told = [_sheet(s, at) for a in given for s in a.sheets(at)]
    still, zone = open_visit(actor), latest.given.zone
    in_force = [t for t in told if t["has_begun"]]
    chosen = _chosen(request.GET.get("type", ""), in_force, still)
    focus = _focus(request.GET.get("box", ""), chosen, still)
    ground = folders().ground(force, latest.given.night, level, area)
    return page(
        request,
        "patrol_phone.html.j2",
        place="patrol",
        area=latest,
        sheets=told,
        chosen=chosen,
        focus=focus,
        still=_still(still, told, at, zone) if still else None,
        ground=ground,
        off=switched_off(force),
        coming=next((t["begins"] for t in told if not t["has_begun"]), ""),
        ended=words.instant(latest.given.valid.end, zone) if latest.given.is_over(at) else "",
        law=words.NO_GROUND_ANY,
        visits=[_visit(v, zone) for v in own_visits(actor, most=20)],
        notes=[_note(n, zone) for n in own_notes(actor)],
        note_form=NoteForm(initial={"id": uuid4(), "box": focus["key"] if focus else ""}),
        new_id=uuid4(),
        enough=ENOUGH_MINUTES,
        full=FULL_MINUTES,
        told=_told(latest, told, ground, actor, at),
    )


def _latest(actor: Actor, force: str, level: str, area: str) -> GivenArea:
    """Return the area as its newest night names it, though that has ended."""
    held = folders()
    for night in held.nights():
        if force in held.forces(night) and level in held.levels(force, night):
            return GivenNight(force, night, level).area(actor, area)
    raise NotFoundError(f"no night was published for {force!r} by {level!r}.")


def _sheet(sheet: Sheet, at: datetime) -> dict[str, Any]:
    """Return one map as the phone shows it: the document's words, each box's ring and square, and minutes so far."""
    given, view = sheet.area.given, sheet.map["view"]
    boxes = [
        {
            **sheet.told(box),
            "key": sheet.key(box),
            "rank": box.number,
            "square": box.square,
            "minutes": round(had.minutes, 2),
            "is_done": had.has_reached(given.cap),
        }
        for box, had in zip(sheet.boxes, sheet.minutes(at), strict=True)
    ]
    return {
        "key": f"{given.night}-{sheet.kind}",
        "kind": sheet.kind,
        "crime_type": sheet.crime_type,
        "crime": view["crime"],
        "headline": " ".join(view["headline"]),
        "notes": [n for n in (view["firm_note"], view["unsure_note"], view.get("walks")) if n],
        "from": given.valid.start.isoformat(),
        "to": given.valid.end.isoformat(),
        "until": words.instant(given.valid.end, given.zone),
        "begins": words.instant(given.valid.start, given.zone),
        "has_begun": given.valid.start <= at,
        "cap": given.cap,
        "boxes": boxes,
        "struck": [
            {"rank": rank, "place": e.place, "by": e.by, "reason": e.reason}
            for rank, e in sorted(sheet.edits.struck.items())
        ],
        "marks": sheet.edits.marks,
        "view": view,
    }


def _chosen(asked: str, told: list[dict[str, Any]], still: OpenVisit | None) -> dict[str, Any] | None:
    """Return the map that is shown first: where the actor stands, what the address asks for, or the first."""
    standing = [t for t in told if still is not None and t["crime_type"] == still.box.crime_type]
    wanted = [t for t in told if t["kind"] == asked]
    return next(iter((*standing, *wanted, *told)), None)


def _focus(asked: str, chosen: dict[str, Any] | None, still: OpenVisit | None) -> dict[str, Any] | None:
    """Return the box that the page is about: where the actor stands, the one asked for, or the first not done."""
    boxes = chosen["boxes"] if chosen else []
    standing = [b for b in boxes if still is not None and b["square"] == still.box.square]
    left = [b for b in boxes if not b["is_done"]]
    return next(iter((*standing, *(b for b in left if b["rank"] == asked), *left)), None)


def _still(still: OpenVisit, told: list[dict[str, Any]], at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    here = [b for t in told for b in t["boxes"] if b["square"] == still.box.square]
    minutes = (at - still.arrived).total_seconds() / 60
    return {
        "id": still.id,
        "rank": still.box.number,
        "crime": words.heading(still.box.crime_type),
        "place": here[0]["place"] if here else f"Box {still.box.number}",
        "since": words.instant(still.arrived, zone),
        "minutes": int(minutes),
        "is_long": minutes > LONG_MINUTES,
    }


def _visit(visit: Visit, zone: ZoneInfo) -> dict[str, str]:
    doubt = "the phone’s clock was off: the time is the site’s" if visit.is_clock_doubtful else ""
    return {
        "box": f"{words.heading(visit.box.crime_type)} box {visit.box.number}",
        "when": words.instant(visit.arrived, zone),
        "minutes": f"{visit.minutes:.0f} min",
        "note": ", ".join(n for n in ("by hand" if visit.how == How.BY_HAND else "", doubt) if n),
    }


def _note(note: BoxNote, zone: ZoneInfo) -> dict[str, str]:
    return {
        "box": f"{words.heading(note.box.crime_type)} box {note.box.number}, night of {words.day(note.box.night)}",
        "because": WRONG_WORDS[note.because],
        "text": note.text,
        "answer": note.answer,
        "answered": words.instant(note.answered_at, zone) if note.answered_at else "",
    }


def _told(
    area: GivenArea, sheets: list[dict[str, Any]], ground: Document, actor: Actor, at: datetime
) -> dict[str, Any]:
    """Return what the page's script starts from: the same words, and the places in WGS84."""
    streets = [(f["properties"], f["geometry"]["coordinates"]) for f in ground["streets"]["features"]]
    return {
        "account": actor.id,
        "now": at.isoformat(),
        "demonstration": is_demonstration(),
        "area": area.name,
        "enough": ENOUGH_MINUTES,
        "full": FULL_MINUTES,
        "long": LONG_MINUTES,
        "sheets": [{key: value for key, value in sheet.items() if key not in ("view", "marks")} for sheet in sheets],
        "outline": ground["outline"],
        "streets": [{"name": about["name"], "main": about["main"], "at": at_} for about, at_ in streets],
        "addresses": {
            "today": reverse("patrol-today", kwargs=area.address),
            "send": reverse("patrol-send"),
            "signIn": f"{reverse('sign-in')}?next={reverse('patrol-phone', kwargs=area.address)}",
        },
    }
