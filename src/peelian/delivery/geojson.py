"""The boxes as GeoJSON (RFC 7946): WGS84, right-hand rule, seven decimals, equal bytes for an equal night."""

import json
from zoneinfo import ZoneInfo

import numpy as np

from peelian.delivery import words
from peelian.delivery.box_rows import COLUMNS, box_rows, iso
from peelian.forecasts.nights import Night
from peelian.places.projections import Projection

#: Seven decimals of a degree are about a centimetre.
DECIMALS = 7
_PROPERTIES = tuple(name for name in COLUMNS if name not in ("x_min", "y_min", "size_m"))


def boxes_geojson(night: Night) -> bytes:
    """Return all boxes, chosen and nearly chosen, as one feature collection; foreign members say what it is."""
    rows = list(box_rows(night))
    x, y = (np.array([getattr(r, c) for r in rows], dtype=np.float64) for c in ("x_min", "y_min"))
    size = np.array([r.size_m for r in rows], dtype=np.float64)
    # Counter-clockwise from the south-west corner, and back to it.
    corners_x = x[:, None] + size[:, None] * np.array([0, 1, 1, 0, 0])
    corners_y = y[:, None] + size[:, None] * np.array([0, 0, 1, 1, 0])
    longitude, latitude = Projection(night.force.crs).to_degrees(corners_x.ravel(), corners_y.ravel())
    rings = np.round(np.column_stack([longitude, latitude]), DECIMALS).reshape(-1, 5, 2)
    features = [
        {
            "type": "Feature",
            "id": f"{row.area_id}/{row.crime_type}/{row.rank}",
            "geometry": {"type": "Polygon", "coordinates": [ring.tolist()]},
            "properties": {name: getattr(row, name) for name in _PROPERTIES},
        }
        for row, ring in zip(rows, rings, strict=True)
    ]
    collection = {"type": "FeatureCollection", **_members(night), **_bbox(rings), "features": features}
    return (json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()


def _members(night: Night) -> dict[str, object]:
    zone = ZoneInfo(night.force.time_zone)
    return {
        "title": f"Peelian boxes, {night.force.name}, {words.span(night.period, zone)}",
        "note": words.NO_GROUND_ANY,
        "uncertainty": "rank_low to rank_high is the 80 % range of the rank; expected_count is events in the period.",
        "valid_from": iso(night.period.start, zone),
        "valid_to": iso(night.period.end, zone),
        "cutoff": iso(night.cutoff, zone),
        "delay": night.delay_note,
        "location_precision": str(night.force.location_precision),
        "model": night.model,
        "fingerprint": night.fingerprint,
    }


def _bbox(rings: np.ndarray) -> dict[str, list[float]]:
    if not rings.size:
        return {}
    return {"bbox": [*rings.min(axis=(0, 1)).tolist(), *rings.max(axis=(0, 1)).tolist()]}
