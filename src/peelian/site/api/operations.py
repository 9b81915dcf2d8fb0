"""The operations of the JSON interface, version 1. Each says its scope; none writes."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query

from peelian import __version__
from peelian.delivery import words
from peelian.records.scopes import Scope
from peelian.site.api import answers, models
from peelian.site.api.callers import caller_of
from peelian.site.api.interface import GEOJSON, api, reads
from peelian.site.api.shelf import Shelf, Wanted
from peelian.store import nights as night_store
from peelian.store import runs as run_store
from peelian.store.night_boxes import NightBox, NightKey

__all__ = ["api"]


@reads("/health", models.Health, None)
def health(request: HttpRequest) -> models.Health:
    """Whether the site and its store answer."""
    del request
    night_store.KillSwitch.objects.exists()
    return models.Health(status="well", version=__version__)


@reads("/me", models.Self, Scope.NIGHTS)
def me(request: HttpRequest) -> models.Self:
    """Who asks, as the interface sees them."""
    caller = caller_of(request)
    actor = caller.actor
    return models.Self(name=actor.name, role=actor.role, areas=list(actor.areas), scopes=sorted(caller.scopes))


@reads("/nights", models.Nights, Scope.NIGHTS)
def nights(request: HttpRequest, query: Query[models.NightQuery]) -> models.Nights:
    """Nights that have not ended, newest first. With `night`, that night, ended or not (`history`)."""
    shelf, wanted = Shelf(caller_of(request)), Wanted(**query.model_dump())
    return models.Nights(items=[answers.night(shelf, k) for k in shelf.keys(wanted)])


@reads("/nights/all", models.Nights, Scope.HISTORY)
def all_nights(request: HttpRequest, query: Query[models.RunQuery]) -> models.Nights:
    """Every published night, newest first, those that have ended too."""
    shelf = Shelf(caller_of(request))
    keys = islice(shelf.every(Wanted(force=query.force)), query.limit)
    return models.Nights(items=[answers.night(shelf, k) for k in keys])


@reads("/areas", models.Areas, Scope.NIGHTS)
def areas(request: HttpRequest, query: Query[models.NightQuery]) -> models.Areas:
    """Areas that have maps. Those of the caller only."""
    return models.Areas(items=list(answers.areas(Shelf(caller_of(request)), Wanted(**query.model_dump()))))


@reads("/crime-types", models.CrimeTypes, Scope.NIGHTS)
def crime_types(request: HttpRequest, query: Query[models.NightQuery]) -> models.CrimeTypes:
    """Crime types and bundles that have maps."""
    return models.CrimeTypes(items=list(answers.crime_types(Shelf(caller_of(request)), Wanted(**query.model_dump()))))


@reads("/maps", models.Maps, Scope.BOXES)
def maps(request: HttpRequest, query: Query[models.MapQuery]) -> models.Maps:
    """Maps of the nights that have not ended. One an area and crime type."""
    shelf, wanted = Shelf(caller_of(request)), Wanted(**query.model_dump())
    return models.Maps(
        items=[answers.map_line(m) for m in shelf.maps(wanted)], withheld=answers.withheld(shelf, wanted)
    )


@reads("/maps/{map_id}", models.MapWhole, Scope.BOXES)
def one_map(request: HttpRequest, map_id: Annotated[models.Id, Path()]) -> models.MapWhole:
    """One map: its sentences, its coverage beside what it expects, its shading, its purpose."""
    shelf = Shelf(caller_of(request))
    return answers.map_whole(shelf, shelf.map(map_id))


@reads("/boxes", models.Boxes, Scope.BOXES)
def boxes(request: HttpRequest, query: Query[models.BoxQuery]) -> HttpResponse:
    """Boxes that are valid now or will be. None where forecasts are switched off or a purpose card has expired."""
    shelf = Shelf(caller_of(request))
    found, beside = _part(request, shelf, query)
    return _json(_text({"items": [answers.box(shelf, *f) for f in found], **beside}))


@reads("/boxes.geojson", models.BoxCollection, Scope.BOXES)
def boxes_geojson(request: HttpRequest, query: Query[models.BoxQuery]) -> HttpResponse:
    """The same boxes as GeoJSON. RFC 7946, WGS84."""
    found, beside = _part(request, Shelf(caller_of(request)), query)
    head = _text({"type": "FeatureCollection", "note": words.NO_GROUND_ANY, **beside})
    features = ",".join(box.feature for _, box in found)
    return _json(f'{head[:-1]},"features":[{features}]}}', GEOJSON)


@reads("/boxes/{box_id}", models.Box, Scope.BOXES)
def one_box(request: HttpRequest, box_id: Annotated[models.Id, Path()]) -> HttpResponse:
    """One box. Refused with the reason where it has ended, is switched off or has no purpose card."""
    shelf = Shelf(caller_of(request))
    return _json(_text(answers.box(shelf, *shelf.box(box_id))))


@reads("/boxes/{box_id}/why", models.Why, Scope.BOXES)
def why(request: HttpRequest, box_id: Annotated[models.Id, Path()]) -> models.Why:
    """Why a box was chosen: the past crimes behind it, each with its exact share, age and distance."""
    shelf = Shelf(caller_of(request))
    _, found = shelf.box(box_id)
    return answers.why(shelf, found)


@reads("/edits", models.Edits, Scope.BOXES)
def edits(request: HttpRequest, query: Query[models.MapQuery]) -> models.Edits:
    """What analysts added to the boxes and suppressed, with reasons. Kept and judged apart from the forecast."""
    shelf, wanted = Shelf(caller_of(request)), Wanted(**query.model_dump())
    return models.Edits(items=[answers.edit(shelf, *e) for e in shelf.edits(wanted)], note=words.NO_GROUND_ANY)


@reads("/scores", models.Scores, Scope.SCORES)
def scores(request: HttpRequest, query: Query[models.ScoreQuery]) -> models.Scores:
    """How boxes did, last and pooled, beside every baseline. Of the newest night, or of the one named; never off."""
    shelf = Shelf(caller_of(request))
    wanted = Wanted(**query.model_dump(exclude={"limit", "offset"}))
    lines = (m for key in shelf.newest(wanted) for m in shelf.lines(key, wanted, only_valid=False))
    some = islice(lines, query.offset, query.offset + query.limit)
    return models.Scores(items=[s for s in (answers.score(shelf, m) for m in some) if s is not None])


@reads("/purpose-cards", models.Cards, Scope.CARDS)
def purpose_cards(request: HttpRequest) -> models.Cards:
    """What maps are for, who answers for them, and when that ends."""
    shelf = Shelf(caller_of(request))
    return models.Cards(items=[answers.card(shelf, c) for _, c in sorted(night_store.cards().items())])


@reads("/runs", models.Runs, Scope.RUNS)
def runs(request: HttpRequest, query: Query[models.RunQuery]) -> models.Runs:
    """How the nightly job went, newest first."""
    caller_of(request)
    return models.Runs(items=[models.Run(**asdict(r)) for r in run_store.newest(query.force, most=query.limit)])


def _part(
    request: HttpRequest, shelf: Shelf, query: models.BoxQuery
) -> tuple[list[tuple[NightKey, NightBox]], dict[str, Any]]:
    """Return the boxes asked for, and what is said beside them."""
    wanted = Wanted(**query.model_dump(exclude={"limit", "offset"}))
    found = list(shelf.boxes(wanted))
    beside = {
        "number_matched": len(found),
        "next": answers.next_page(request, len(found), query.limit, query.offset),
        "withheld": [w.model_dump(mode="json") for w in answers.withheld(shelf, wanted)],
    }
    return found[query.offset : query.offset + query.limit], beside


def _json(text: str, media_type: str = "application/json") -> HttpResponse:
    return HttpResponse(text, content_type=f"{media_type}; charset=utf-8" if media_type != GEOJSON else media_type)


def _text(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
