"""The morning after, over time, and the models compared: shown whatever became of switch, card or night since."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from peelian.delivery.presence_words import presence_sentence
from peelian.dosage.presence import presence
from peelian.errors import NotFoundError
from peelian.records.access import Role
from peelian.site.clock import now
from peelian.site.configuration import site_settings
from peelian.site.maps.addresses import Shown, Where
from peelian.site.maps.choosing import choosing
from peelian.site.maps.drawings import ours
from peelian.site.maps.looking import TurnedError, answered, area_in, elsewhere, folders, listed
from peelian.site.maps.nights import first_level, kinds_in, nights_of, own_areas
from peelian.site.maps.standing import LOOKS_BACK
from peelian.site.pages import page
from peelian.site.rules import SIGNED_IN, actor_of, allow
from peelian.store.backtests import BacktestFolder, backtests
from peelian.store.night_folders import Document
from peelian.store.patrols import visits
from peelian.store.reviews import ReviewStore

#: Who may read a backtest's whole report: it shows every area of the force.
_READS_REPORTS = frozenset({Role.ADMINISTRATOR, Role.ANALYST, Role.EVALUATOR, Role.OVERSEER})


@allow(SIGNED_IN)
@answered
def morning(request: HttpRequest) -> HttpResponse:
    """Lead to the latest morning of the reader's own area; what the query names stands."""
    held, actor, asked = folders(), actor_of(request), request.GET
    latest = held.nights()
    forces = [asked["force"]] if asked.get("force") else sorted({f for n in latest[:1] for f in held.forces(n)})
    for force in forces:
        night = asked.get("night") or next((str(n) for n in nights_of(held, force)), "")
        if not night:
            continue
        level = asked.get("level") or _first_level(request, force, night)
        index = listed(request, force, night, level)
        own = own_areas(actor, index)
        area = asked.get("area", "") if asked.get("listed", level) == level else ""
        area = area or next((a["slug"] for a in own), "")
        if not area:
            continue
        kind = asked.get("kind") or next((k["slug"] for k in kinds_in(index, area)), "-")
        where = Where(*(part.replace("/", "-") or "-" for part in (force, night, level, area, kind)))
        return HttpResponseRedirect(where.address("morning-map"))
    sentence = "The first morning after comes with the second night. The nightly job makes both: “peelian night”."
    return elsewhere(request, "Nothing has been judged yet.", sentence, [])


@allow(SIGNED_IN)
@answered
def morning_page(request: HttpRequest, **parts: str) -> HttpResponse:
    """Return how the boxes of the period before a night did, and all on record, beside every baseline."""
    where = Where(**parts)
    index = listed(request, where.force, where.night, where.level)
    area = area_in(request, index, where)
    kinds = kinds_in(index, area["slug"])
    kind = next((k for k in kinds if where.kind in (k["slug"], k["name"])), None)
    if kind is None:
        offers = [
            (k["words"], Where(where.force, where.night, where.level, area["slug"], k["slug"]).address("morning-map"))
            for k in kinds
        ]
        raise TurnedError(elsewhere(request, "This night has no such map.", "It has these:", offers))
    where = Where(where.force, where.night, where.level, area["slug"], kind["slug"])
    document = folders().map(where.force, where.day, where.level, where.area, where.kind)
    actor = actor_of(request)
    last = document["view"]["morning"]
    return page(
        request,
        "morning/morning.html.j2",
        place="morning",
        index=index,
        where=where,
        view=document["view"],
        title=f"{kind['words']}, {area['name']}",
        morning={**last, "map": ours(last["map"])} if last else None,
        edits=document.get("edits_score"),
        anyone=_anyone(index, where, document) if last else "",
        streets=ours(folders().ground(where.force, where.day, where.level, where.area)["definitions"]),
        review=_review(where, document),
        picker=choosing(folders(), actor, index, where, Shown(), now()),
        may_read_reports=actor.role in _READS_REPORTS,
        looks_back=actor.role in LOOKS_BACK,
    )


@allow(SIGNED_IN)
def models(request: HttpRequest) -> HttpResponse:
    """Return every backtest on record: what was compared with what, and what may be claimed of it."""
    told = [_told(folder) for folder in reversed(backtests(site_settings().home))]
    return page(
        request,
        "morning/models.html.j2",
        place="morning",
        told=[t for t in told if t is not None and actor_of(request).may_see(t["force"])],
        may_read_reports=actor_of(request).role in _READS_REPORTS,
    )


@allow(_READS_REPORTS)
def report(request: HttpRequest, name: str) -> HttpResponse:
    """Return a backtest's own report, as it was written."""
    folder = next((found for found in backtests(site_settings().home) if found.path.name == name), None)
    told = None if folder is None else _told(folder)
    path = None if folder is None else folder.path / "report.html"
    if told is None or path is None or not path.is_file() or not actor_of(request).may_see(told["force"]):
        raise NotFoundError(f"there is no report of a backtest {name!r}.")
    return HttpResponse(path.read_bytes(), content_type="text/html; charset=utf-8")


def _anyone(index: Document, where: Where, document: Document) -> str:
    """Return whether anyone was in the boxes of the period judged."""
    zone = ZoneInfo(index["force"]["time_zone"])
    night = datetime.fromisoformat(document["score"]["last_valid_from"]).astimezone(zone).date()
    found = visits(where.force, night, where.level, document["area_id"], document["crime_type"])
    there = presence(found, len(document["last"]["boxes"]))
    return presence_sentence(there.n_boxes, there.visits, there.visited, there.fully_visited, there.median_minutes)


def _review(where: Where, document: Document) -> Document | None:
    """Return the review of a night's map; none where the address is another map's since that night."""
    try:
        found = ReviewStore(site_settings().home).document(where.force, where.level, where.area, where.kind)
    except NotFoundError:
        return None
    if any(found[name] != document[name] for name in ("area_id", "crime_type")):
        return None
    return {**found, "chart": ours(found["chart"])}


def _told(folder: BacktestFolder) -> dict[str, Any] | None:
    """Return a backtest's verdict, or None where it has none yet."""
    try:
        return {**folder.verdict(), "name": folder.path.name}
    except NotFoundError:
        return None


def _first_level(request: HttpRequest, force: str, night: str) -> str:
    try:
        return first_level(folders(), force, date.fromisoformat(night), actor_of(request))
    except (ValueError, IndexError, NotFoundError):
        return ""
