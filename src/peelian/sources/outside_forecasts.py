"""Somebody else's forecast: boxes or polygons with a period, from GeoJSON or CSV, brought into the force's metres.

A supplier's, an analyst's or another program's. It is then judged by the same referee as our own.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from peelian.errors import SourceError
from peelian.places.projections import WGS84, Projection

#: ``crime_type`` null: the shape stands for every type; ``area`` null: for the area that holds its centre.
#: ``x_min``, ``y_min`` and ``size_m`` where the shape came as a square in the force's own CRS, else null.
OUTSIDE_SCHEMA = pl.Schema(
    {
        "period_start": pl.Datetime("us", "UTC"),
        "period_end": pl.Datetime("us", "UTC"),
        "crime_type": pl.String(),
        "area": pl.String(),
        "x_min": pl.Float64(),
        "y_min": pl.Float64(),
        "size_m": pl.Float64(),
        "wkb": pl.Binary(),
    }
)
_SQUARE = ("x_min", "y_min", "size_m")


def read_outside(file: Path, crs: str, file_crs: str | None = None) -> pl.DataFrame:
    """Return the shapes of an outside forecast in metres of ``crs``; columns as ``OUTSIDE_SCHEMA``.

    GeoJSON: features with properties ``period_start`` and ``period_end`` (ISO 8601 with a time zone) and, as
    wanted, ``crime_type`` and ``area``; WGS84 unless ``file_crs`` or a ``crs`` member says otherwise. CSV: the
    same as columns, with ``x_min, y_min, size_m`` or ``wkt``, and a ``crs`` column unless ``file_crs`` is given.

    Raises
    ------
    SourceError
        When the file cannot be read, or a shape lacks its period or CRS, is no polygon, or is not where the CRS is.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{file} cannot be read: {error}. Give GeoJSON or CSV in UTF-8.") from error
    if file.suffix.lower() in (".geojson", ".json"):
        rows, shapes, given = _features(file, text)
    else:
        rows, shapes, given = _lines(file, text)
    if not rows:
        raise SourceError(f"{file} holds no shape; an outside forecast has at least one box with its period.")
    named = file_crs or given
    if not named:
        raise SourceError(f"{file}: names no CRS. Add a 'crs' column such as EPSG:27700, or say --outside-crs.")
    moved = _in_metres(file, shapes, named, crs)
    is_square = named == crs
    columns = {
        "period_start": [_instant(file, i, row, "period_start") for i, row in enumerate(rows, 1)],
        "period_end": [_instant(file, i, row, "period_end") for i, row in enumerate(rows, 1)],
        "crime_type": [_text(row.get("crime_type")) for row in rows],
        "area": [_text(row.get("area")) for row in rows],
        **{name: [row.get(name) if is_square else None for row in rows] for name in _SQUARE},
        "wkb": shapely.to_wkb(moved).tolist(),
    }
    table = pl.DataFrame(columns, schema=OUTSIDE_SCHEMA)
    reversed_ = table.with_row_index("row", 1).filter(pl.col("period_end") <= pl.col("period_start"))
    if reversed_.height:
        first = reversed_.row(0, named=True)
        raise SourceError(
            f"{file}: shape {first['row']}: its period from {first['period_start']} to {first['period_end']} is empty "
            "or reversed."
        )
    return table


def _features(file: Path, text: str) -> tuple[list[dict[str, Any]], list[shapely.Geometry], str]:
    try:
        collection = json.loads(text)
        features = collection["features"]
        rows = [dict(f.get("properties") or {}) for f in features]
        shapes: list[shapely.Geometry] = [shapely.from_geojson(json.dumps(f["geometry"])) for f in features]
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.GEOSException) as error:
        raise SourceError(f"{file} is no GeoJSON FeatureCollection of shapes: {error}.") from error
    member = collection.get("crs") or {}
    named = str(member.get("properties", {}).get("name", "")) if isinstance(member, dict) else ""
    # GDAL writes urn:ogc:def:crs:OGC:1.3:CRS84 for plain WGS84 longitude and latitude.
    return [_squareless(r) for r in rows], shapes, WGS84 if not named or named.endswith("CRS84") else named


def _lines(file: Path, text: str) -> tuple[list[dict[str, Any]], list[shapely.Geometry], str]:
    try:
        table = pl.read_csv(text.encode(), infer_schema=False)
        has_squares = all(name in table.columns for name in _SQUARE)
        if not has_squares and "wkt" not in table.columns:
            raise SourceError(
                f"{file}: has columns {', '.join(table.columns)}; a box needs x_min, y_min and size_m, or wkt."
            )
        named = sorted({v for v in table["crs"].to_list() if v}) if "crs" in table.columns else []
        if len(named) > 1:
            raise SourceError(f"{file}: shapes in {len(named)} CRSs ({', '.join(named)}); give one file one CRS.")
        if has_squares:
            table = table.with_columns(pl.col(_SQUARE).cast(pl.Float64))
            west, south, size = (table[name].to_numpy() for name in _SQUARE)
            shapes: list[shapely.Geometry] = list(shapely.box(west, south, west + size, south + size))
        else:
            shapes = [shapely.from_wkt(text) for text in table["wkt"].to_list()]
    except (pl.exceptions.PolarsError, shapely.errors.GEOSException) as error:
        raise SourceError(f"{file} cannot be read as CSV of boxes: {error}.") from error
    rows = table.to_dicts()
    return rows if has_squares else [_squareless(r) for r in rows], shapes, named[0] if named else ""


def _squareless(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in _SQUARE}


def _in_metres(file: Path, shapes: Sequence[shapely.Geometry], named: str, crs: str) -> NDArray[np.object_]:
    array = np.array(shapes, dtype=np.object_)
    kinds = shapely.get_type_id(array)
    for i, kind in enumerate(kinds, 1):
        if kind not in (3, 6) or shapely.is_empty(array[i - 1]):
            raise SourceError(f"{file}: shape {i} is no polygon; a box has an area to stand in.")
    if named != crs:
        projection = Projection(crs)

        def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(projection.from_crs(named, points[:, 0], points[:, 1]))

        array = np.asarray(shapely.transform(shapely.force_2d(array), moved))
    if not np.isfinite(shapely.get_coordinates(array)).all():
        raise SourceError(f"{file}: some shapes cannot lie in {crs}; is their CRS really {named}?")
    return np.asarray(shapely.make_valid(array))


def _instant(file: Path, index: int, row: Mapping[str, Any], name: str) -> datetime:
    written = row.get(name)
    if not written:
        raise SourceError(f"{file}: shape {index} has no {name}; a forecast without a period cannot be judged.")
    try:
        instant = datetime.fromisoformat(str(written))
    except ValueError as error:
        raise SourceError(f"{file}: shape {index}: {name} = {written!r} is no instant in ISO 8601.") from error
    if instant.tzinfo is None:
        raise SourceError(
            f"{file}: shape {index}: {name} = {written!r} has no time zone; write {written}+00:00, or the zone meant."
        )
    return instant.astimezone(UTC)


def _text(value: object) -> str | None:
    return None if value in (None, "") else str(value)
