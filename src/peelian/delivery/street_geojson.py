"""Chosen streets as GeoJSON (RFC 7946): WGS84, seven decimals, equal bytes for an equal map."""

import json

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from peelian.delivery import words
from peelian.places.forces import Force
from peelian.places.periods import Period
from peelian.places.projections import Projection

_DECIMALS = 7


def streets_geojson(
    table: pl.DataFrame, lines: NDArray[np.object_], force: Force, crime_type: str, period: Period
) -> bytes:
    """Return rows of ``selection.streets.STREET_SCHEMA`` with their lines (in metres) as one feature collection."""
    shown = lines[table.get_column("stretch").to_numpy()]
    features = []
    for row, line in zip(table.iter_rows(named=True), shown, strict=True):
        x, y = shapely.get_coordinates(line).T
        longitude, latitude = Projection(force.crs).to_degrees(x.copy(), y.copy())
        ring = np.round(np.column_stack([longitude, latitude]), _DECIMALS)
        features.append(
            {
                "type": "Feature",
                "id": row["stretch"],
                "geometry": {"type": "LineString", "coordinates": ring.tolist()},
                "properties": {
                    "rank": row["rank"],
                    "street": row["street"],
                    "length_m": round(row["length_m"], 1),
                    "expected_count": row["expected_count"],
                },
            }
        )
    collection = {
        "type": "FeatureCollection",
        "title": f"Peelian streets, {force.name}, {crime_type}",
        "note": words.NO_GROUND_ANY,
        "valid_from": period.start.isoformat(),
        "valid_to": period.end.isoformat(),
        "location_precision": str(force.location_precision),
        "delay": force.delay_note,
        "features": features,
    }
    return (json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n").encode()
