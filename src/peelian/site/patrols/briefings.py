"""The shift's briefing: the words and maps of the printed one, on a page that prints the same."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from peelian.delivery import words
from peelian.errors import PublicationError
from peelian.places.shifts import shifts_within
from peelian.records.access import STAFF
from peelian.site.clock import now
from peelian.site.maps.standing import LOOKS_BACK
from peelian.site.pages import page
from peelian.site.patrols.boxes import GivenArea, folders, night_of
from peelian.site.rules import actor_of, allow
from peelian.store import desk
from peelian.store.nights import switched_off


@allow(STAFF)
@require_GET
def briefing(request: HttpRequest, force: str, night: str, level: str, area: str) -> HttpResponse:
    """Return the briefing as a page: a sheet of A4 for each crime type that may be given."""
    given, kinds = _given(request, force, night, level, area)
    edits = {s.crime_type: s.edits for s in (given.sheet(k["slug"], k["name"]) for k in _kinds(given)) if s.edits}
    paper = folders().briefing_words(force, given.given.night, level, area)
    shown: dict[str, Any] = {**paper, "pages": [p for p in paper["pages"] if p["kind"] in kinds]}
    is_over = given.given.is_over(now())
    # The PDF was typeset with every type and before any edit: where it would say otherwise, there is the page alone.
    is_whole = len(shown["pages"]) == len(paper["pages"]) and not is_over and not edits
    ended = words.instant(given.given.valid.end, given.given.zone, with_year=True) if is_over else ""
    return page(
        request,
        "patrol_briefing.html.j2",
        place="patrol",
        area=given,
        paper=shown,
        ended=ended,
        is_whole=is_whole,
        edits=edits,
        shifts=[] if is_over else _shifts(given),
    )


def _kinds(given: GivenArea) -> list[dict[str, str]]:
    """Return the crime types that the area has a map of."""
    has_map = {m["kind"] for m in given.given.index["maps"] if m["area"] == given.slug}
    return [k for k in given.given.index["kinds"] if k["slug"] in has_map]


def _shifts(given: GivenArea) -> list[str]:
    """Return the force's shifts that work in the boxes' period, each with its times."""
    night, zone = given.given, given.given.zone
    held = shifts_within(desk.shifts(night.force), night.valid, zone.key)
    return [f"{s.name}, {words.instant(p.start, zone)} to {words.instant(p.end, zone)}" for s, p in held]


def _given(request: HttpRequest, force: str, night: str, level: str, area: str) -> tuple[GivenArea, frozenset[str]]:
    """Return the area and the crime types that may be shown of it.

    Raises
    ------
    PublicationError
        When forecasts are switched off, or the night has ended and the reader does not look back.
    """
    actor, at = actor_of(request), now()
    given = night_of(force, night, level).area(actor, area)
    if given.given.is_over(at):
        if actor.role not in LOOKS_BACK:
            until = words.instant(given.given.valid.end, given.given.zone, with_year=True)
            raise PublicationError(f"these boxes ended {until}. They mean nothing now.")
        return given, frozenset(k["name"] for k in given.given.index["kinds"])
    off = switched_off(force)
    if off is not None:
        raise PublicationError(f"forecasts are switched off: {off.reason}")
    return given, frozenset(name for _, name in given.given.kinds(given, at))
