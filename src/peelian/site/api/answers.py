"""From what the shelf holds to what is sent: the documents' own numbers and words, put into the interface's shapes."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from peelian.delivery import words
from peelian.forecasts.edits import BoxEdit
from peelian.forecasts.nights import PurposeCard
from peelian.site.api import models
from peelian.site.api.shelf import MapLine, Shelf, Wanted
from peelian.store.night_boxes import NightBox, NightKey


def night(shelf: Shelf, key: NightKey) -> models.Night:
    """Return one level of a night."""
    index = shelf.folders.index(key.force, key.night, key.level)
    same = ("cutoff", "feed", "model", "seed", "version", "fingerprint")
    return models.Night(
        force=key.force,
        force_name=index["force"]["name"],
        time_zone=key.time_zone,
        night=key.night,
        level=key.level,
        valid_from=key.valid_from,
        valid_to=key.valid_to,
        has_ended=shelf.has_ended(key),
        withheld=shelf.withheld(key),
        **{name: index[name] for name in same},
    )


def areas(shelf: Shelf, wanted: Wanted) -> Iterator[models.Area]:
    """Yield the areas of the nights asked for that are the caller's, each once."""
    seen: set[tuple[str, str, str]] = set()
    for key in shelf.keys(wanted):
        for told in shelf.folders.index(key.force, key.night, key.level)["areas"]:
            name = (key.force, key.level, told["id"])
            if name not in seen and shelf.caller.may_see(told["id"], key.force):
                seen.add(name)
                yield models.Area(force=key.force, level=key.level, id=told["id"], name=told["name"])


def crime_types(shelf: Shelf, wanted: Wanted) -> Iterator[models.CrimeType]:
    """Yield the crime types of the nights asked for, each once."""
    seen: set[tuple[str, str]] = set()
    for key in shelf.keys(wanted):
        for told in shelf.folders.index(key.force, key.night, key.level)["kinds"]:
            if (key.force, told["name"]) not in seen:
                seen.add((key.force, told["name"]))
                yield models.CrimeType(force=key.force, name=told["name"], words=told["words"])


def map_line(line: MapLine) -> models.MapLine:
    """Return a map as one of a list."""
    return models.MapLine(**_line(line))


def map_whole(shelf: Shelf, line: MapLine) -> models.MapWhole:
    """Return a map with what its document says of it."""
    document, key = shelf.document(line), line.key
    card, view = document["card"], document["view"]
    return models.MapWhole(
        **_line(line),
        valid_from=key.valid_from,
        valid_to=key.valid_to,
        has_ended=shelf.has_ended(key),
        headline=view["headline"],
        coverage=document["coverage"],
        coverage_words=view["coverage"],
        area_km2=document["area_km2"],
        expected_at_random=document["expected_at_random"],
        presence_cap_minutes=shelf.folders.index(key.force, key.night, key.level)["presence_cap_minutes"],
        model=view.get("model", ""),
        walks=[models.Walk(name=w["name"], boxes=w["boxes"]) for w in document.get("walks", [])],
        goal=card["goal"],
        owner=card["owner"],
        expires=card["expires"],
        shading=document["shading"],
        note=words.NO_GROUND_ANY,
    )


def _line(line: MapLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "force": line.key.force,
        "night": line.key.night,
        "level": line.key.level,
        "area_id": line.area_id,
        "area": line.area,
        "crime_type": line.crime_type,
        "expected_count": line.told["expected"],
        "n_boxes": line.told["boxes"],
        "n_firm": line.told["firm"],
        "chance_any_in_boxes": line.told["chance_any_in_boxes"],
    }


def box(shelf: Shelf, key: NightKey, found: NightBox) -> dict[str, Any]:
    """Return a box as the interface tells it (``models.Box``)."""
    return {**found.properties, "id": found.id, "has_ended": shelf.has_ended(key), "polygon": found.geometry}


def edit(shelf: Shelf, key: NightKey, made: BoxEdit) -> models.Edit:
    """Return an analyst's edit."""
    names = ("id", "force", "night", "level", "area_id", "crime_type", "letter", "rank", "place", "reason", "by", "at")
    polygon = models.Polygon(type="Polygon", coordinates=[shelf.ring(key, made)])
    return models.Edit(kind=made.kind.value, polygon=polygon, **{n: getattr(made, n) for n in names})


def added_box(shelf: Shelf, key: NightKey, made: BoxEdit) -> dict[str, Any]:
    """Return a box that an analyst added as a GeoJSON feature: never one of the forecast's."""
    names = ("force", "level", "area_id", "crime_type", "letter", "place", "size_m", "reason", "by")
    properties = {n: getattr(made, n) for n in names}
    times = {"night": key.night, "at": made.at, "valid_from": key.valid_from, "valid_to": key.valid_to}
    return {
        "type": "Feature",
        "id": str(made.id),
        "geometry": {"type": "Polygon", "coordinates": [shelf.ring(key, made)]},
        "properties": properties | {n: t.isoformat() for n, t in times.items()},
    }


def why(shelf: Shelf, found: NightBox) -> models.Why:
    """Return why a box was chosen: the words of its page, and the crimes behind them."""
    document = shelf.document(shelf.map(found.id.rpartition(":")[0]))
    view = document["view"]
    told = next(b for b in document["boxes"] if b["rank"] == found.rank)
    said = next(b for b in (*view["firm"], *view["unsure"]) if b["number"] == found.rank)
    return models.Why(
        box=found.id,
        why=said["why"],
        sentence=said["sentence"],
        rank_sentence=said["rank_sentence"],
        walk=said.get("walk_sentence", ""),
        streets=said["streets"],
        stretches=[models.Stretch(**s) for s in told.get("stretches", [])],
        no_stretches=view.get("no_stretches", ""),
        chosen_before=f"{said['chosen']} {view['n_before']}",
        is_exact=view["is_exact"],
        parts=[models.Part(words=p["words"], share=p["share"]) for p in said["parts"]],
        told=[models.Told(**t) for t in told["told"]],
    )


def score(shelf: Shelf, line: MapLine) -> models.Score | None:
    """Return how a map's boxes did, or None where nothing was judged yet."""
    told = shelf.document(line)["score"]
    if told is None:
        return None
    whole: dict[str, Any] = {k: v for k, v in _line(line).items() if k in models.Score.model_fields} | dict(told)
    return models.Score(map=line.id, **whole)


def card(shelf: Shelf, told: PurposeCard) -> models.Card:
    """Return a purpose card, and whether it still stands."""
    names = ("crime_type", "goal", "measure", "owner", "stop_rule", "expires", "is_example")
    return models.Card(**{n: getattr(told, n) for n in names}, is_valid=told.is_valid_on(shelf.today()))


def withheld(shelf: Shelf, wanted: Wanted) -> list[models.Withheld]:
    """Return what is not handed on of the nights asked for, and why."""
    return [
        models.Withheld(force=key.force, night=key.night, level=key.level, crime_type=kind, reason=reason)
        for key, kind, reason in shelf.reasons(wanted)
    ]


def next_page(request: HttpRequest, matched: int, limit: int, offset: int) -> str | None:
    """Return the address of what comes after this part, or None where it is the last."""
    if offset + limit >= matched:
        return None
    query = urlencode(request.GET.dict() | {"limit": str(limit), "offset": str(offset + limit)})
    return request.build_absolute_uri(f"{request.path}?{query}")
