"""What the web site reads of a night: one packed JSON document an area's ground, one a map, and one that lists them.

A map's document holds the same words and drawings as the night's page (``views``), and beside them the same places in
WGS84 for a map that moves. The site places both and computes nothing.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from peelian.delivery import past, words
from peelian.delivery.box_map import LARGE, box_map, share_words
from peelian.delivery.box_rows import iso
from peelian.delivery.edit_words import edits_document
from peelian.delivery.geojson import DECIMALS, boxes_geojson
from peelian.delivery.ground import Ground
from peelian.delivery.making import streets_behind
from peelian.delivery.maps import kinds_of, plain_boxes, recent_crimes
from peelian.delivery.marks import age_name
from peelian.delivery.names import slugs, told_apart
from peelian.delivery.night_record import clean, score
from peelian.delivery.reasons import Part, Reasons, reasons
from peelian.delivery.views import MapView
from peelian.delivery.walks import walks_of
from peelian.forecasts.nights import AreaNight, Night
from peelian.places.forces import DatePrecision
from peelian.places.projections import Projection

#: Read by the site; another number is another shape.
SCHEMA = 2
#: A street may be drawn this much straighter than it is known: a tenth of a box's side at most.
_STRAIGHTER_M = 4.0


@dataclass(frozen=True, slots=True)
class AreaViews:
    """One area as it is drawn: its ground, and the view of each of its maps in the night's order."""

    area_id: str
    slug: str
    ground: Ground
    views: tuple[MapView, ...]


def kind_slugs(night: Night) -> Mapping[str, str]:
    """Return the part of an address that stands for each bundle: the same for the whole night and for one area of it.

    A published night holds a card of every bundle's own name, so the cards name them all in one order.
    """
    names = [card.crime_type for card in night.cards if card.crime_type != "*"]
    kinds = slugs(dict.fromkeys([*names, *(a.bundle.name for a in night.areas)]), "type")
    return told_apart(slugs(area.id for area in night.layer.areas), kinds)


def box_count(night: Night) -> int:
    """Return how many boxes a list of the night has, where the area has room for them."""
    return int(night.parameters.get("count", max((len(a.boxes) for a in night.areas), default=0)))


def index_document(night: Night, areas: Sequence[tuple[str, str]], feed: str) -> bytes:
    """Return the list of a night's maps; ``areas`` are (id, slug) of those with one, ``feed`` what its records say."""
    zone = ZoneInfo(night.force.time_zone)
    slug_of = dict(areas)
    kinds = kind_slugs(night)
    told = {
        "schema": SCHEMA,
        "force": asdict(night.force),
        "level": night.layer.level,
        "night": night.night.isoformat(),
        "period": words.span(night.period, zone),
        "period_words": asdict(words.period_words(night.period, zone)),
        "valid_from": iso(night.period.start, zone),
        "valid_to": iso(night.period.end, zone),
        "until": words.instant(night.period.end, zone, with_year=True),
        "cutoff": iso(night.cutoff, zone),
        "cutoff_words": words.instant(night.cutoff, zone, with_year=True),
        "feed": feed,
        "model": night.model,
        "seed": night.seed,
        "version": night.version,
        "fingerprint": night.fingerprint,
        "n_events_known": night.n_events_known,
        "presence_cap_minutes": night.presence_cap_minutes,
        "count": box_count(night),
        "longer": night.parameters.get("longer", 0),
        "cell_size_m": night.layer.grid.cell_size_m,
        "areas": [{"id": i, "name": night.layer.area(i).name, "slug": slug} for i, slug in areas],
        "kinds": [{"name": name, "words": words.heading(name), "slug": slug} for name, slug in kinds.items()],
        "maps": [
            {
                "area": slug_of[a.area.id],
                "kind": kinds[a.bundle.name],
                "expected": a.expected_in_area,
                "counts_events": a.bundle.counts_events,
                "boxes": len(a.boxes),
                "firm": int(a.boxes.is_firm.sum()),
                "chance_any_in_boxes": a.chance_any_in_boxes,
                "model": a.model,
                "model_why": a.model_why,
            }
            for a in night.areas
        ],
        "withheld": [{"kind": words.heading(kind), "reason": reason} for kind, reason in night.withheld],
        "is_example": any(c.is_example for c in night.cards),
    }
    return packed(told)


def boxes_document(night: Night) -> bytes:
    """Return every box of the level as one feature collection, as ``boxes.geojson`` has them: what programs read."""
    return gzip.compress(boxes_geojson(night), compresslevel=1, mtime=0)


def ground_document(night: Night, drawn: AreaViews) -> bytes:
    """Return an area's outline and streets: as SVG for the page, as GeoJSON for a map that moves."""
    ground, places = drawn.ground, _Places(night)
    streets = [
        {
            "type": "Feature",
            "properties": {"name": line.street, "main": line.is_main},
            "geometry": {"type": "LineString", "coordinates": places.line(line.points)},
        }
        for line in ground.lines
    ]
    return packed(
        {
            "schema": SCHEMA,
            "area_id": drawn.area_id,
            "name": night.layer.area(drawn.area_id).name,
            "definitions": ground.definitions,
            "width": ground.frame.width,
            "height": round(ground.frame.height, 1),
            "frame": {k: getattr(ground.frame, k) for k in ("west", "north", "pixels_per_m")},
            "bounds": places.bounds(ground.frame.bounds),
            "outline": places.shape(ground.shape),
            "streets": {"type": "FeatureCollection", "features": streets},
        }
    )


def briefing_document(paper: Mapping[str, object]) -> bytes:
    """Return an area's briefing in words and maps (``briefing.briefing_paper``), for a page that says the same."""
    return packed({"schema": SCHEMA, **paper})


def map_documents(night: Night, drawn: AreaViews) -> Iterator[tuple[str, bytes]]:
    """Yield (name, document) of each of an area's maps."""
    kinds = kind_slugs(night)
    of_area = [a for a in night.areas if a.area.id == drawn.area_id]
    for area_night, view in zip(of_area, drawn.views, strict=True):
        yield (
            f"map-{drawn.slug}-{kinds[area_night.bundle.name]}",
            packed(_map(night, area_night, view, kinds[area_night.bundle.name], drawn)),
        )


def _map(night: Night, area_night: AreaNight, view: MapView, kind: str, drawn: AreaViews) -> dict[str, object]:
    zone, places = ZoneInfo(night.force.time_zone), _Places(night)
    events, record = area_night.events, area_night.record
    longitude, latitude = places.points(events["x"].to_numpy(), events["y"].to_numpy())
    return {
        "schema": SCHEMA,
        "area": drawn.slug,
        "kind": kind,
        "area_id": area_night.area.id,
        "crime_type": area_night.bundle.name,
        "crime_types": list(area_night.bundle.crime_types),
        "view": asdict(view),
        "plain": plain_boxes(drawn.ground, area_night),
        "crimes": recent_crimes(drawn.ground, area_night),
        "box_sheet": [LARGE.width, LARGE.height],
        "past_sheet": [past.WIDTH, past.HEIGHT],
        "size_m": area_night.boxes.size_m,
        "boxes": _boxes(night, area_night, drawn.ground, places),
        "walks": _walks(area_night, places),
        "baseline": places.squares(area_night.baseline_squares, area_night.boxes.size_m),
        "shading": _shading(night, area_night, places),
        "recent_days": area_night.recent_days,
        "events": [
            [lon, lat, round(age, 1)]
            for lon, lat, age in zip(longitude, latitude, events["age_days"].to_list(), strict=True)
        ],
        "score": score(record, zone),
        "edits_score": edits_document(area_night, words.period_words(night.period, zone)),
        "last": _last(area_night, places),
        "card": {
            **asdict(night.card(area_night.bundle.name)),
            "expires": str(night.card(area_night.bundle.name).expires),
        },
        "area_km2": night.area_km2(area_night),
        "coverage": night.coverage(area_night),
        "expected_in_area": area_night.expected_in_area,
        "expected_at_random": night.expected_at_random(area_night),
        "odds_at_random": f"about {words.odds(night.expected_at_random(area_night))}",
        "chance_any_in_boxes": area_night.chance_any_in_boxes,
    }


def _boxes(night: Night, area_night: AreaNight, ground: Ground, places: "_Places") -> list[dict[str, object]]:
    """Return every row of ``boxes.table``, nearly chosen ones too, with the events that its reasons tell.

    A chosen one has its own large map and its past too.
    """
    precision, n_chosen = night.force.date_precision, len(area_night.boxes)
    boxes, why = area_night.boxes, reasons(area_night)
    rings = places.squares(boxes.table, boxes.size_m)
    rows = zip(boxes.table.iter_rows(named=True), rings, kinds_of(area_night), why, area_night.place_names, strict=True)
    return [
        {
            "rank": row["rank"],
            "kind": kind,
            "place": place,
            "ring": ring["ring"],
            "x_min": row["x_min"],
            "y_min": row["y_min"],
            "expected_count": row["expected_count"],
            "rank_low": row["rank_low"],
            "rank_high": row["rank_high"],
            "told": _told(reason, places, precision),
            "streets": list(streets_behind(area_night, i)),
            "stretches": _stretches(area_night, i, places),
            "shares": [[_swatch(part, area_night), part.share] for part in reason.parts],
            "map": box_map(ground, area_night, i, reason, precision, LARGE) if i < n_chosen else None,
            "past": _past(night, area_night, i) if i < n_chosen else None,
        }
        for i, (row, ring, kind, reason, place) in enumerate(rows)
    ]


def _walks(area_night: AreaNight, places: "_Places") -> list[dict[str, object]]:
    """Return each walk's letter, boxes and outline, and where its name stands."""
    walks = walks_of(area_night)
    first = [w.sides[0] for w in walks]
    longitude, latitude = places.points(np.array([s.x for s in first]), np.array([s.y for s in first]))
    return [
        {"name": w.name, "boxes": w.ranks, "shape": places.shape(w.shape), "at": [lon, lat], "side": s.name}
        for w, s, lon, lat in zip(walks, first, longitude, latitude, strict=True)
    ]


def _stretches(area_night: AreaNight, index: int, places: "_Places") -> list[dict[str, object]]:
    """Return the stretches that carry a chosen box, as lines in WGS84; none where no street network is given."""
    told = area_night.stretches[index] if index < len(area_night.stretches) else ()
    return [
        {
            "street": s.street,
            "share": s.share,
            "length_m": s.length_m,
            "lines": [places.line(shapely.get_coordinates(part)) for part in shapely.get_parts(s.line)],
        }
        for s in told
    ]


def _swatch(part: Part, area_night: AreaNight) -> str:
    return age_name(part.age_days, area_night.recent_days) if part.kind == "event" else part.kind


def _past(night: Night, area_night: AreaNight, index: int) -> dict[str, object] | None:
    known = past.past_of(night, area_night, index)
    return None if known is None else asdict(known)


def _told(why: Reasons, places: "_Places", precision: DatePrecision) -> list[dict[str, object]]:
    longitude, latitude = places.points(np.array([p.x for p in why.told]), np.array([p.y for p in why.told]))
    return [
        {
            "at": [lon, lat],
            "share": part.share,
            "age_days": part.age_days,
            "distance_m": part.distance_m,
            "crime_types": list(part.crime_types),
            "words": share_words(part, precision),
        }
        for part, lon, lat in zip(why.told, longitude, latitude, strict=True)
    ]


def _shading(night: Night, area_night: AreaNight, places: "_Places") -> dict[str, object]:
    """Return version 1 as one polygon a step, cut at the area's boundary where it has one."""
    grid, step = night.layer.grid, area_night.shading.step
    features = []
    for level in (1, 2, 3):
        cells = area_night.area.cells[step[area_night.area.cells] == level]
        if not cells.size:
            continue
        squares = grid.squares(cells)
        boxes = shapely.box(
            squares.x_min, squares.y_min, squares.x_min + squares.size_m, squares.y_min + squares.size_m
        )
        shape = shapely.coverage_union_all(boxes)
        if area_night.area.boundary is not None:
            shape = shapely.intersection(shape, area_night.area.boundary)
        features.append({"type": "Feature", "properties": {"step": level}, "geometry": places.shape(shape)})
    return {"type": "FeatureCollection", "features": features}


def _last(area_night: AreaNight, places: "_Places") -> dict[str, object] | None:
    """Return the last period's boxes, the plain count's, and where its crimes fell; None where nothing was judged."""
    record = area_night.record
    if record is None:
        return None
    fell, size_m = record.last_events, area_night.boxes.size_m
    longitude, latitude = places.points(fell["x"].to_numpy(), fell["y"].to_numpy())
    return {
        "boxes": places.squares(record.last_boxes, size_m),
        "baseline": places.squares(record.last_baseline, size_m),
        "events": [
            {"at": [lon, lat], "in_box": in_box, "in_baseline": in_baseline}
            for lon, lat, in_box, in_baseline in zip(
                longitude, latitude, fell["in_box"].to_list(), fell["in_baseline"].to_list(), strict=True
            )
        ],
    }


class _Places:
    """From the force's metres to WGS84, rounded to a centimetre."""

    def __init__(self, night: Night) -> None:
        self._projection = Projection(night.force.crs)

    def points(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[list[float], list[float]]:
        if not x.size:
            return [], []
        longitude, latitude = self._projection.to_degrees(x, y)
        return np.round(longitude, DECIMALS).tolist(), np.round(latitude, DECIMALS).tolist()

    def line(self, points: NDArray[np.float64]) -> list[list[float]]:
        plain = shapely.get_coordinates(shapely.simplify(shapely.linestrings(points), _STRAIGHTER_M))
        return [list(p) for p in zip(*self.points(plain[:, 0], plain[:, 1]), strict=True)]

    def bounds(self, bounds: tuple[float, float, float, float]) -> list[float]:
        x_min, y_min, x_max, y_max = bounds
        longitude, latitude = self.points(
            np.array([x_min, x_max, x_min, x_max]), np.array([y_min, y_min, y_max, y_max])
        )
        return [min(longitude), min(latitude), max(longitude), max(latitude)]

    def squares(self, table: pl.DataFrame, size_m: float) -> list[dict[str, object]]:
        """Return rank and closed ring, counter-clockwise from the south-west, of each square of a table."""
        x, y = table["x_min"].to_numpy(), table["y_min"].to_numpy()
        longitude, latitude = self.points(
            (x[:, None] + size_m * np.array([0, 1, 1, 0, 0])).ravel(),
            (y[:, None] + size_m * np.array([0, 0, 1, 1, 0])).ravel(),
        )
        corners = [list(p) for p in zip(longitude, latitude, strict=True)]
        return [{"rank": rank, "ring": corners[5 * i : 5 * i + 5]} for i, rank in enumerate(table["rank"].to_list())]

    def shape(self, shape: shapely.Geometry) -> dict[str, object]:
        """Return a polygon or multipolygon as a GeoJSON geometry; an empty one has no coordinates."""

        def placed(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(self._projection.to_degrees(points[:, 0], points[:, 1]))

        parts = shapely.get_parts(shape)
        whole = shapely.multipolygons(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
        if shapely.is_empty(whole):
            return {"type": "MultiPolygon", "coordinates": []}
        turned = shapely.orient_polygons(shapely.transform(whole, placed))
        geometry: dict[str, object] = json.loads(shapely.to_geojson(shapely.set_precision(turned, 10**-DECIMALS)))
        return geometry


def packed(told: dict[str, object]) -> bytes:
    """Return the document packed: a night of ten thousand maps is one gigabyte plain, and a fifth of it so."""
    plain = json.dumps(clean(told), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return gzip.compress(plain.encode(), compresslevel=1, mtime=0)
