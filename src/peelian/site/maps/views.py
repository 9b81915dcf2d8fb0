"""Tonight's pages: the map with its list, one box, the places for a map that moves, the briefing."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode

from peelian.delivery import words
from peelian.errors import NotFoundError
from peelian.forecasts.visits import BoxMinutes, GivenBox, patrol_day
from peelian.places.periods import Period
from peelian.records.access import Role
from peelian.site.clock import now
from peelian.site.maps.addresses import Shown, Where
from peelian.site.maps.basemap import basemap_path
from peelian.site.maps.choosing import choosing
from peelian.site.maps.drawings import boxes_of, ours, view_of
from peelian.site.maps.edited import EditsShown, edits_shown
from peelian.site.maps.looking import Sight, TurnedError, answered, area_in, elsewhere, folders, listed, look
from peelian.site.maps.nights import first_level, kinds_in, own_areas, present_night
from peelian.site.maps.standing import Standing, withheld
from peelian.site.pages import page
from peelian.site.rules import SIGNED_IN, actor_of, allow
from peelian.store.desk import edits, tactics_for
from peelian.store.nights import published_at
from peelian.store.patrols import minutes_by_box

#: Rows of one page of the list: the ten or twenty of a night stand on one.
ROWS = 50
#: Who keeps the boxes: the link to the desk is theirs.
_KEEPS_BOXES = frozenset({Role.ANALYST, Role.ADMINISTRATOR})
#: Who goes to boxes, and may say that one is wrong.
_GOES_THERE = frozenset({Role.SERGEANT, Role.OFFICER})


@allow(SIGNED_IN)
@answered
def tonight(request: HttpRequest) -> HttpResponse:
    """Lead to the map that the query names; what it leaves open is the reader's own area, now, the commonest crime."""
    held, actor, asked = folders(), actor_of(request), request.GET
    forces = [asked["force"]] if asked.get("force") else sorted({f for n in held.nights()[:1] for f in held.forces(n)})
    for force in forces:
        present = asked.get("night") or present_night(held, force, now())
        if present is None:
            continue
        night = str(present)
        level = asked.get("level") or _first_level(request, force, night)
        index = listed(request, force, night, level)
        own = own_areas(actor, index)
        area = asked.get("area", "") if asked.get("listed", level) == level else ""
        area = area or next((a["slug"] for a in own), "")
        if not area:
            continue
        kinds = kinds_in(index, area)
        kind = asked.get("kind") or next((k["slug"] for k in kinds), "-")
        # What is asked for may hold anything; an address holds no stroke within a part.
        where = Where(*(part.replace("/", "-") or "-" for part in (force, night, level, area, kind)))
        return HttpResponseRedirect(where.address() + Shown.of(asked).query())
    if forces:
        return elsewhere(
            request,
            "No map here is of an area of yours.",
            "Your administrator can give you areas; the map opens on the first of them.",
            [],
        )
    return elsewhere(
        request, "No night has been published yet.", "The first comes from the command “peelian night”.", []
    )


@allow(SIGNED_IN)
@answered
def map_page(request: HttpRequest, force: str, night: str, level: str, area: str, kind: str) -> HttpResponse:
    """Return one map with its list."""
    sight = look(request, Where(force, night, level, area, kind))
    view = view_of(sight.document)
    together = [*view["firm"], *view["unsure"]]
    n_pages = max(-(-len(together) // ROWS), 1)
    number = min(sight.shown.page, n_pages)
    sight = replace(sight, shown=replace(sight.shown, page=number))
    rows = boxes_of(together[(number - 1) * ROWS : number * ROWS])
    where, shown = sight.where, sight.shown
    return page(
        request,
        "maps/tonight.html.j2",
        **_common(sight),
        view=view,
        firm=[b for b in rows if b["kind"] == "firm"],
        unsure=[b for b in rows if b["kind"] == "unsure"],
        leads={b["number"]: _box_address(where, shown, b["number"]) for b in rows},
        plain=ours(sight.document["plain"]),
        crimes=ours(sight.document["crimes"]),
        pages=[(n, where.address() + shown.query(page=n), n == number) for n in range(1, n_pages + 1)],
        full=[n for n, had in _presence(sight).items() if had.has_reached(sight.index["presence_cap_minutes"])],
        tops=_tops(sight),
        toggles=_toggles(sight),
        picker=choosing(folders(), sight.actor, sight.index, where, shown, sight.at),
    )


@allow(SIGNED_IN)
@answered
def box_page(request: HttpRequest, number: int, **parts: str) -> HttpResponse:
    """Return one box: why it is there, how sure that is, what became of its square before, what helps in it."""
    sight = look(request, Where(**parts))
    view = sight.document["view"]
    boxes = sorted([*view["firm"], *view["unsure"]], key=lambda b: b["number"])
    if not 1 <= number <= len(boxes):
        offers = [
            (f"Box {b['number']}, {b['place']}", _box_address(sight.where, sight.shown, b["number"])) for b in boxes
        ]
        raise TurnedError(elsewhere(request, f"This map has no box {number}.", "It has these:", offers[:ROWS]))
    box, told = boxes[number - 1], sight.document["boxes"][number - 1]
    past = told.get("past")
    tactics = tactics_for(sight.document["crime_type"])
    today = sight.at.astimezone(ZoneInfo(sight.index["force"]["time_zone"])).date()
    neighbours = [
        (n, _box_address(sight.where, sight.shown, n)) for n in (number - 1, number + 1) if 1 <= n <= len(boxes)
    ]
    return page(
        request,
        "maps/box.html.j2",
        **_common(sight),
        view=view,
        box=box,
        n_boxes=len(boxes),
        drawing=ours(told["map"]),
        shares=told["shares"],
        streets=told.get("streets"),
        past={**past, "strip": ours(past["strip"])} if past else None,
        tactics=tactics,
        tactics_due=tactics.is_due(today),
        neighbours=neighbours,
        presence=_presence(sight).get(number),
        wrong=_wrong(sight, number),
    )


@allow(SIGNED_IN)
@answered
def places(request: HttpRequest, **parts: str) -> HttpResponse:
    """Return what the moving map draws: the same places as the page's picture, in WGS84."""
    sight = look(request, Where(**parts))
    document = sight.document
    ground = _ground(sight)
    return JsonResponse(
        {
            "bounds": ground["bounds"],
            "outline": ground["outline"],
            "streets": ground["streets"],
            "shading": document["shading"],
            "boxes": [_drawn(b) for b in document["boxes"]],
            "walks": document.get("walks", []),
            "edits": _edits(sight).places(),
            "baseline": document["baseline"],
            "events": document["events"],
            "recent_days": document["recent_days"],
        }
    )


def _drawn(box: dict[str, Any]) -> dict[str, Any]:
    """Return what the moving map draws of a box; an older night tells no streets."""
    lines = [line for s in box.get("stretches", []) for line in s["lines"]]
    return {
        **{name: box[name] for name in ("rank", "kind", "place", "ring", "told")},
        "streets": box.get("streets", []),
        "carrying": {"type": "MultiLineString", "coordinates": lines},
    }


@allow(SIGNED_IN)
@answered
def briefing(request: HttpRequest, force: str, night: str, level: str, area: str) -> HttpResponse:
    """Return an area's briefing to print; none of a period that has ended, nor one with a map that is withheld."""
    where = Where(force, night, level, area, "")
    index = listed(request, force, night, level)
    found = area_in(request, index, where)
    sight = Sight(replace(where, area=found["slug"]), Shown(), actor_of(request), now(), index, {})
    if not sight.is_live:
        sentence = "A briefing is for a shift that is to come; there is none to print now."
        return elsewhere(request, "This period has ended.", sentence, [], status=410)
    for kind in kinds_in(index, found["slug"]):
        refused = withheld(sight.actor, index, kind["name"], sight.at)
        if refused is not None:
            return elsewhere(request, refused.heading, refused.sentence, [], refused.status)
    if edits(force, sight.where.day, level, found["id"]):
        # Typeset before an analyst edited the boxes: the page tells of it, and prints the same.
        parts = {"force": force, "night": night, "level": level, "area": found["slug"]}
        return HttpResponseRedirect(reverse("patrol-briefing", kwargs=parts))
    path = folders().briefing(force, sight.where.day, level, found["slug"])
    said = {"Content-Disposition": f'inline; filename="{path.name}"'}
    return HttpResponse(path.read_bytes(), content_type="application/pdf", headers=said)


def _common(sight: Sight) -> dict[str, Any]:
    """Return what the map and a box's page both show."""
    where, index = sight.where, sight.index
    zone = ZoneInfo(index["force"]["time_zone"])
    released = published_at(where.force, where.day)
    basemap = basemap_path()
    return {
        "place": "tonight",
        "sight": sight,
        "where": where,
        "index": index,
        "document": sight.document,
        "ground": {**(ground := _ground(sight)), "definitions": ours(ground["definitions"])},
        "is_live": sight.is_live,
        "ends_in": _ends_in(sight),
        "is_coming": sight.stands is Standing.COMING,
        "begins": words.instant(datetime.fromisoformat(index["valid_from"]), zone),
        "released": words.instant(released, zone, with_year=released.year != where.day.year) if released else "",
        "back": where.address() + sight.shown.query(),
        "drawn_from": where.address("tonight-places") + sight.shown.query(),
        "basemap": reverse("basemap") if basemap else "",
        "briefing": _briefing(sight),
        "desk": _desk(sight),
        "edits": _edits(sight),
    }


def _ends_in(sight: Sight) -> int:
    """Return in how many seconds a page left open must be asked for anew: just after its end, never before it."""
    left = (datetime.fromisoformat(sight.index["valid_to"]) - sight.at).total_seconds()
    return int(left) + 2 if left > 0 else 0


def _ground(sight: Sight) -> dict[str, Any]:
    where = sight.where
    return folders().ground(where.force, where.day, where.level, where.area)


def _edits(sight: Sight) -> EditsShown:
    """Return what analysts added to this map and suppressed on it."""
    return edits_shown(sight.index, sight.document, _ground(sight))


def _briefing(sight: Sight) -> str:
    where = sight.where
    if not sight.is_live:
        return ""
    parts = {"force": where.force, "night": where.night, "level": where.level, "area": where.area}
    return reverse("tonight-briefing", kwargs=parts)


def _desk(sight: Sight) -> str:
    """Return where boxes are added and suppressed, for those who may, while there is something to change."""
    if not sight.is_live or sight.actor.role not in _KEEPS_BOXES:
        return ""
    return sight.where.address("desk-map")


def _wrong(sight: Sight, number: int) -> str:
    """Return where to say what is wrong with a box, for those who go there."""
    if not sight.is_live or sight.actor.role not in _GOES_THERE:
        return ""
    where = sight.where
    key = "/".join((where.force, where.night, where.level, where.area, where.kind, str(number)))
    return f"{reverse('patrol-wrong')}?{urlencode({'box': key})}"


def _presence(sight: Sight) -> dict[int, BoxMinutes]:
    """Return what each chosen box's square has had on the present day of patrol; nothing of what has ended."""
    if not sight.is_live:
        return {}
    document, index = sight.document, sight.index
    valid = Period(*(datetime.fromisoformat(index[name]) for name in ("valid_from", "valid_to")))
    given = [
        GivenBox(
            sight.where.force,
            sight.where.day,
            sight.where.level,
            document["area_id"],
            document["crime_type"],
            box["rank"],
            box["x_min"],
            box["y_min"],
            document["size_m"],
        )
        for box in document["boxes"]
        if box["kind"] != "nearly"
    ]
    day = patrol_day(sight.at, valid, ZoneInfo(index["force"]["time_zone"]))
    return {box.rank: had for box, had in zip(given, minutes_by_box(given, day), strict=True)}


def _box_address(where: Where, shown: Shown, number: int) -> str:
    return where.address("tonight-box", number=number) + replace(shown, page=1).query()


def _tops(sight: Sight) -> list[tuple[int, str, bool]]:
    """Return the lengths of list to choose from, with their addresses; none where the night has one only."""
    longer = sight.index.get("longer")
    if not longer:
        return []
    shown = replace(sight.shown, page=1)
    count = sight.index.get("count", sight.document["view"]["n_limit"])
    return [
        (number, sight.where.address() + shown.query(top=top), shown.top == top)
        for number, top in ((count, 0), (longer, longer))
    ]


def _toggles(sight: Sight) -> list[dict[str, Any]]:
    """Return what can be shown or hidden: its name in the query, its words in both states, the other's address."""
    view, recent = sight.document["view"], round(sight.document["recent_days"])
    said = (
        ("counts", "Compare with plain counts", "Hide the plain count’s boxes"),
        ("shading", "Show version 1, shading", "Hide version 1, shading"),
        ("boxes", "Show version 2, boxes", "Hide version 2, boxes"),
        ("crimes", f"Show the {view['many']} of {recent} days", f"Hide the {view['many']} of {recent} days"),
    )
    return [
        {
            "name": name,
            "is_on": getattr(sight.shown, name),
            "show": show,
            "hide": hide,
            "address": sight.where.address() + sight.shown.query(**{name: not getattr(sight.shown, name)}),
        }
        for name, show, hide in said
    ]


def _first_level(request: HttpRequest, force: str, night: str) -> str:
    """Return the level to begin with; "" of a night that is not there, which is then answered so."""
    try:
        return first_level(folders(), force, date.fromisoformat(night), actor_of(request))
    except (ValueError, IndexError, NotFoundError):
        return ""
