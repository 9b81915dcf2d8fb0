"""An analyst's edits of a night's boxes: what stands, what was added or suppressed, why, and by whom."""

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from peelian.delivery import words
from peelian.errors import ConflictError, PlaceError
from peelian.forecasts.edits import BoxEdit, EditKind
from peelian.site.clock import now
from peelian.site.desk.forms import AddForm, ReasonForm
from peelian.site.desk.frame import DESK, desk_page
from peelian.site.desk.maps import (
    DeskMap,
    blocking,
    find_map,
    folders,
    listings,
    need_open,
    visible_areas,
    why_closed,
)
from peelian.site.maps.basemap import basemap_path
from peelian.site.maps.edited import shown_of
from peelian.site.rules import actor_of, allow
from peelian.store.edits import edits, find_edit, make_edit, withdraw_edit


@allow(DESK)
@require_safe
def boxes(request: HttpRequest) -> HttpResponse:
    """Return the list of tonight's maps, with the edits on each."""
    actor, shown = actor_of(request), []
    for listing in listings():
        areas = visible_areas(actor, listing)
        if not areas:
            continue
        standing = edits(listing.force, listing.night, listing.level)
        shown.append(
            {
                "listing": listing,
                "areas": areas,
                "closed": why_closed(listing),
                "maps": {(m["area"], m["kind"]) for m in listing.index["maps"]},
                "counts": Counter((e.area_id, e.crime_type, e.kind.value) for e in standing),
            }
        )
    return desk_page(request, "boxes.html.j2", "desk-boxes", nights=shown)


@allow(DESK)
@require_safe
def one_map(request: HttpRequest, **address: str) -> HttpResponse:
    """Return one map with its boxes and the analyst's beside them."""
    return _map_page(request, find_map(actor_of(request), address))


@allow(DESK)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, **address: str) -> HttpResponse:
    """Add a box at a crossing, a point or a box that was nearly chosen, with a reason."""
    found = find_map(actor_of(request), address)
    form = _add_form(request, found)
    if request.method != "POST":
        return _map_page(request, found, form=form)
    need_open(found)
    if form.is_valid():
        try:
            made = _added(request, found, form.cleaned_data)
        except PlaceError as error:
            form.add_error(_asked(form.cleaned_data), str(error))
        except ConflictError as error:
            form.add_error(None, str(error))
        else:
            return HttpResponseRedirect(f"{reverse('desk-map', kwargs=found.address)}#edit-{made.id}")
    return _map_page(request, found, status=400, form=form)


@allow(DESK)
@require_http_methods(["GET", "POST"])
def suppress(request: HttpRequest, rank: int, **address: str) -> HttpResponse:
    """Suppress one of the forecast's boxes, with a reason: it stays in the score, and leaves the patrol's list."""
    found = find_map(actor_of(request), address)
    box = found.box(rank)
    form = ReasonForm(request.POST or None)
    if request.method == "POST":
        need_open(found)
        if form.is_valid():
            try:
                made = make_edit(actor_of(request), _edit(request, found, EditKind.SUPPRESS, box, form.cleaned_data))
            except ConflictError as error:
                form.add_error(None, str(error))
            else:
                return HttpResponseRedirect(f"{reverse('desk-map', kwargs=found.address)}#edit-{made.id}")
    return desk_page(
        request,
        "suppress.html.j2",
        "desk-boxes",
        status=400 if form.errors else 200,
        map=found,
        box=box,
        form=form,
        closed=why_closed(found),
    )


@allow(DESK)
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """End an edit, with a reason."""
    edit = find_edit(number)
    found = _map_of(request, edit)
    form = ReasonForm(request.POST or None)
    if request.method == "POST":
        need_open(found)
        if form.is_valid():
            try:
                withdraw_edit(actor_of(request), number, form.cleaned_data["reason"], at=now())
            except ConflictError as error:
                form.add_error(None, str(error))
            else:
                return HttpResponseRedirect(f"{reverse('desk-map', kwargs=found.address)}#edit-{number}")
    return desk_page(
        request,
        "withdraw.html.j2",
        "desk-boxes",
        status=400 if form.errors else 200,
        map=found,
        edit=edit,
        form=form,
        closed=why_closed(found),
    )


def _map_of(request: HttpRequest, edit: BoxEdit) -> DeskMap:
    """Return an edit's map: its area's and crime type's names are looked up in the night's list."""
    index = folders().index(edit.force, edit.night, edit.level)
    slugs = {
        "area": next((a["slug"] for a in index["areas"] if a["id"] == edit.area_id), ""),
        "kind": next((k["slug"] for k in index["kinds"] if k["name"] == edit.crime_type), ""),
    }
    where = {"force": edit.force, "night": str(edit.night), "level": edit.level}
    return find_map(actor_of(request), where | slugs)


def _map_page(request: HttpRequest, found: DeskMap, *, status: int = 200, form: AddForm | None = None) -> HttpResponse:
    every = found.edits()
    standing = [e for e in every if e.stands]
    zone = found.listing.zone
    return desk_page(
        request,
        "map.html.j2",
        "desk-boxes",
        status=status,
        map=found,
        view=found.document["view"],
        sentence=_sentence(found, standing),
        suppressed=(shown := shown_of(standing, found.listing.index, found.document, found.ground)).struck,
        added=shown.added,
        ended=[e for e in every if not e.stands],
        marks=shown.marks,
        drawn_from=reverse("tonight-places", kwargs=found.address),
        basemap=reverse("basemap") if basemap_path() else "",
        streets=sorted({f["properties"]["name"] for f in found.ground["streets"]["features"]}),
        form=form or _add_form(request, found),
        closed=why_closed(found),
        score=found.document.get("edits_score"),
        told=lambda at: words.instant(at, zone),
    )


def _sentence(found: DeskMap, standing: list[BoxEdit]) -> str:
    title = f"{found.document['view']['crime']}, {found.document['view']['area']}"
    added = [f"box {e.letter}" for e in standing if e.kind is EditKind.ADD]
    gone = sorted(e.rank or 0 for e in standing if e.kind is EditKind.SUPPRESS)
    said = [f"{words.joined(added)} added"] if added else []
    said += [f"box{'es' if len(gone) > 1 else ''} {words.joined([str(r) for r in gone])} suppressed"] if gone else []
    return f"{title}: {'; '.join(said)}." if said else f"{title}: the boxes stand as the forecast chose them."


def _add_form(request: HttpRequest, found: DeskMap) -> AddForm:
    nearly = [(str(b["rank"]), f"{b['place'] or 'no street known'} (rank {b['rank']})") for b in found.boxes("nearly")]
    # A plain link, or a click on the map, may name the point.
    return AddForm(nearly, request.POST or None, initial={"point": request.GET.get("at", "")[:60]})


def _added(request: HttpRequest, found: DeskMap, said: dict[str, Any]) -> BoxEdit:
    size_m = float(found.document["size_m"])
    nearly = said.get("nearly")
    if nearly:
        chosen = next(b for b in found.boxes("nearly") if str(b["rank"]) == nearly)
        box = {**chosen, "rank": None}
        corner = (box["x_min"], box["y_min"])
    else:
        ground = found.known_ground
        named = bool(said.get("street"))
        point = ground.crossing(said["street"], said["crossing"]) if named else ground.point(said["point"])
        corner = ground.square_around(point, size_m)
        taken = [b["place"] for b in found.document["boxes"]] + [e.place for e in found.edits() if e.stands]
        named_so = ground.crossing_name(said["street"], said["crossing"]) if named else ""
        place = named_so if named_so and named_so not in taken else ground.name_of(corner, size_m, taken)
        box = {"x_min": corner[0], "y_min": corner[1], "rank": None, "place": place}
    held = blocking(found, corner, size_m)
    if held:
        raise PlaceError(f"half of it or more is {held} already; choose a place further off.")
    return make_edit(actor_of(request), _edit(request, found, EditKind.ADD, box, said))


def _asked(said: dict[str, Any]) -> str:
    return "street" if said.get("street") else "point" if said.get("point") else "nearly"


def _edit(request: HttpRequest, found: DeskMap, kind: EditKind, box: dict[str, Any], said: dict[str, Any]) -> BoxEdit:
    of = found.listing
    return BoxEdit(
        id=0,
        force=of.force,
        night=of.night,
        level=of.level,
        area_id=found.area["id"],
        crime_type=found.kind["name"],
        kind=kind,
        x_min=box["x_min"],
        y_min=box["y_min"],
        size_m=float(found.document["size_m"]),
        place=box["place"],
        rank=box["rank"],
        reason=said["reason"],
        by=actor_of(request).name,
        at=now(),
    )
