"""The night as a GeoPackage in the force's own CRS: layers boxes, areas and version1, for QGIS and GDAL.

GDAL wants a path: this is the one place of delivery that touches the disk, at the path it is given.
"""

import os
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

from peelian.delivery import words
from peelian.delivery.box_rows import COLUMNS, box_rows
from peelian.delivery.outlines import cells_union, outline
from peelian.forecasts.nights import Night

_STEPS = {3: "top 10 %", 2: "top 10 to 22 %", 1: "top 22 to 40 %"}


def write_geopackage(night: Night, path: Path) -> None:
    """Write the three layers to ``path``, which must not exist; equal nights give equal layers."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": night.cutoff.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
    try:
        _write_boxes(night, path)
        _write_areas(night, path)
        _write_version1(night, path)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _write_boxes(night: Night, path: Path) -> None:
    rows = list(box_rows(night))
    x, y, size = (np.array([getattr(r, c) for r in rows], dtype=np.float64) for c in ("x_min", "y_min", "size_m"))
    names = [c for c in COLUMNS if c not in ("x_min", "y_min", "size_m")]
    columns = [_column([getattr(r, c) for r in rows]) for c in names]
    _layer(night, path, "boxes", shapely.box(x, y, x + size, y + size), dict(zip(names, columns, strict=True)))


def _write_areas(night: Night, path: Path) -> None:
    areas = night.layer.areas
    shapes = np.array([outline(a, night.layer.grid) for a in areas], dtype=object)
    fields = {
        "area_id": _column([a.id for a in areas]),
        "area": _column([a.name for a in areas]),
        "cells": _column([a.n_cells for a in areas]),
        "has_boundary": _column([a.boundary is not None for a in areas]),
    }
    _layer(night, path, "areas", shapes, fields)


def _write_version1(night: Night, path: Path) -> None:
    shapes: list[shapely.Geometry] = []
    rows: list[tuple[str, str, str, int, str]] = []
    for a in night.areas:
        for step, meaning in _STEPS.items():
            cells = a.area.cells[a.shading.step[a.area.cells] == step]
            if cells.size:
                shapes.append(cells_union(cells, night.layer.grid))
                rows.append((a.area.id, a.area.name, a.bundle.name, step, f"{meaning}. {words.WHITE_IS_NOT_SAFE}"))
    names = ("area_id", "area", "crime_type", "step", "meaning")
    fields = {name: _column([row[i] for row in rows]) for i, name in enumerate(names)}
    _layer(night, path, "version1", np.array(shapes, dtype=object), fields)


def _layer(
    night: Night, path: Path, layer: str, shapes: NDArray[np.object_], fields: dict[str, NDArray[np.generic]]
) -> None:
    zone_note = f"Valid from {night.period.start.isoformat()} to {night.period.end.isoformat()}."
    pyogrio.raw.write(
        os.fspath(path),
        geometry=shapely.to_wkb(_multi(shapes)),
        field_data=list(fields.values()),
        fields=list(fields),
        layer=layer,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs=night.force.crs,
        append=path.exists(),
        promote_to_multi=True,
        layer_metadata={
            "note": words.NO_GROUND_ANY,
            "uncertainty": "rank_low to rank_high is the 80 % range of the rank.",
            "validity": zone_note,
            "cutoff": night.cutoff.isoformat(),
            "location_precision": str(night.force.location_precision),
        },
    )


def _multi(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return every shape as a multipolygon: a layer of GeoPackage has one type."""
    single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    return np.array(
        [shapely.multipolygons([s]) if one else s for s, one in zip(shapes, single, strict=True)], dtype=object
    )


def _column(values: list[object]) -> NDArray[np.generic]:
    if all(isinstance(v, bool) for v in values):
        return np.array(values, dtype=np.bool_)
    if all(isinstance(v, int) for v in values):
        return np.array(values, dtype=np.int32)
    if all(isinstance(v, float) or v is None for v in values):
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    return np.array([str(v) for v in values], dtype=object)
