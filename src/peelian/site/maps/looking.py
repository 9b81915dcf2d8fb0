"""From an address to what stands there: the night's list, the map's document, or the page that says why neither."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import wraps
from itertools import islice
from typing import ParamSpec

from django.http import HttpRequest, HttpResponse

from peelian.delivery import words
from peelian.delivery.site_documents import SCHEMA
from peelian.records.access import Actor
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.site.maps.addresses import Shown, Where, opening
from peelian.site.maps.choosing import choosing
from peelian.site.maps.nights import kinds_in, nights_of, own_areas
from peelian.site.maps.standing import LOOKS_BACK, Standing, standing, withheld
from peelian.site.pages import page
from peelian.site.rules import actor_of, need_area
from peelian.store.night_folders import Document, NightFolders

Words = ParamSpec("Words")
#: So many other nights are offered where the one asked for is missing.
_OFFERED = 14


@dataclass(frozen=True, slots=True)
class Sight:
    """One map as one reader may see it now."""

    where: Where
    shown: Shown
    actor: Actor
    at: datetime
    index: Document
    document: Document

    @property
    def stands(self) -> Standing:
        """How its night stands to the present."""
        return standing(self.index, self.at)

    @property
    def is_live(self) -> bool:
        """Whether its boxes are something to do: now, or soon."""
        return self.stands is not Standing.ENDED


class TurnedError(Exception):
    """There is no such map for this reader; the answer says why, and offers what there is."""

    def __init__(self, answer: HttpResponse) -> None:
        """Keep the answer."""
        super().__init__(answer.status_code)
        self.answer = answer


def answered(view: Callable[Words, HttpResponse]) -> Callable[Words, HttpResponse]:
    """Return the view with what turned it away answered."""

    @wraps(view)
    def whole(*parts: Words.args, **named: Words.kwargs) -> HttpResponse:
        try:
            return view(*parts, **named)
        except TurnedError as turned:
            return turned.answer

    return whole


def folders() -> NightFolders:
    """Return the home's nights."""
    return NightFolders(site_settings().home)


def look(request: HttpRequest, where: Where) -> Sight:
    """Return what an address shows to whoever asks.

    Raises
    ------
    TurnedError
        Where there is no such map, or none to be shown now.
    NotAllowedError
        Where the area is not the reader's.
    """
    actor, at, shown = actor_of(request), now(), Shown.of(request.GET)
    index = listed(request, where.force, where.night, where.level)
    area = area_in(request, index, where)
    where = replace(where, area=area["slug"])
    kinds = kinds_in(index, where.area)
    kind = next((k for k in kinds if where.kind in (k["slug"], k["name"])), None)
    if kind is None:
        raise TurnedError(_no_kind(request, index, where, area))
    where = replace(where, kind=kind["slug"])
    refused = withheld(actor, index, kind["name"], at)
    if refused is not None:
        picker = choosing(folders(), actor, index, where, shown, at)
        raise TurnedError(
            page(request, "maps/withheld.html.j2", status=refused.status, place="tonight", why=refused, picker=picker)
        )
    if shown.top != index.get("longer"):
        shown = replace(shown, top=0)
    document = folders().map(where.force, where.day, where.level, where.area, where.kind, shown.top)
    if document.get("schema") != SCHEMA:
        raise TurnedError(
            elsewhere(
                request,
                "This night was made by another version of Peelian.",
                f"Its maps are kept in shape {document.get('schema')}, and this version reads {SCHEMA}. Made anew by "
                f"“peelian night --again --on {where.night}” it can be shown; its boxes are on record either way.",
                [("The present night", opening())],
                409,
            )
        )
    return Sight(where, shown, actor, at, index, document)


def listed(request: HttpRequest, force: str, night: str, level: str) -> Document:
    """Return the list of a night's maps at a level."""
    held = folders()
    day = _day(night)
    if day is None or force not in held.forces(day) or not held.levels(force, day):
        # Which nights there were is told to those who may look at any of them.
        known = list(islice(nights_of(held, force), _OFFERED)) if actor_of(request).role in LOOKS_BACK else []
        called = words.day(day) if day else repr(night)
        raise TurnedError(
            elsewhere(
                request,
                f"No night of {called} is here.",
                "It was not published, or before maps were kept for this page. The nightly job catches up by itself; "
                "“peelian doctor” says what is late.",
                [(words.day(n), opening(force=force, night=n)) for n in known] or [("The present night", opening())],
            )
        )
    levels = held.levels(force, day)
    if level not in levels:
        offers = [(f"By {other}", opening(force=force, night=day, level=other)) for other in levels]
        raise TurnedError(
            elsewhere(request, "There is no such level.", f"The night has no maps by {level!r}. It has these:", offers)
        )
    return held.index(force, day, level)


def area_in(request: HttpRequest, index: Document, where: Where) -> Document:
    """Return the area's id, name and slug; its old id answers where it still means the same."""
    found: Document | None = next((a for a in index["areas"] if a["slug"] == where.area), None)
    found = found or next((a for a in index["areas"] if a["id"] == where.area), None)
    if found is None:
        offers = [
            (
                a["name"],
                opening(force=where.force, night=where.night, level=where.level, area=a["slug"], kind=where.kind),
            )
            for a in own_areas(actor_of(request), index)
        ]
        raise TurnedError(
            elsewhere(
                request,
                f"No {where.level} of this night is called {where.area!r}.",
                "Areas are sometimes renamed or drawn anew, and an area without records has no map. "
                f"In the night of {words.day(date.fromisoformat(index['night']))} there are these:",
                offers,
            )
        )
    need_area(request, found["id"], where.force)
    return found


def elsewhere(
    request: HttpRequest, heading: str, sentence: str, offers: list[tuple[str, str]], status: int = 404
) -> HttpResponse:
    """Return the page for a map that is not there, with what is."""
    return page(
        request,
        "maps/elsewhere.html.j2",
        status=status,
        place="morning" if request.path.startswith("/morning/") else "tonight",
        heading=heading,
        sentence=sentence,
        offers=offers,
    )


def _no_kind(request: HttpRequest, index: Document, where: Where, area: Document) -> HttpResponse:
    named = {k["slug"]: k for k in index["kinds"]}
    crime = words.crime_name(named[where.kind]["name"] if where.kind in named else where.kind)
    reasons = [
        f"{w['kind']}: {w['reason']}" for w in index["withheld"] if words.crime_name(w["kind"]).lower() == crime.lower()
    ]
    offers = [
        (
            k["words"],
            opening(force=where.force, night=where.night, level=where.level, area=area["slug"], kind=k["slug"]),
        )
        for k in kinds_in(index, area["slug"])
    ]
    sentence = f"{reasons[0]}." if reasons else "This night has no such map of this area. It has these:"
    return elsewhere(request, f"There is no map of {crime} in {area['name']}.", sentence, offers)


def _day(night: str) -> date | None:
    try:
        return date.fromisoformat(night)
    except ValueError:
        return None
