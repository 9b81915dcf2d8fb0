"""Layers of places from files: points, lines or polygons of any format that pyogrio reads; ``.gz`` too.

Only shapes are read, never a column: a layer says what is there, not who.
"""

import gzip
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from peelian.errors import SourceError
from peelian.places.projections import Projection

_LINES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING, shapely.GeometryType.LINEARRING)
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
#: Which shapes a kind of layer is made from, in words and as types; points are made of anything, at its middle.
_MADE_FROM = {"share": ("polygon", _POLYGONS), "lines": ("line", _LINES)}


def read_place_layer(file: Path, kind: str, crs: str) -> NDArray[np.object_]:
    """Return the file's shapes in the metres of ``crs``, for a layer of that kind (``covariates.KINDS``).

    Raises
    ------
    SourceError
        When the file cannot be read, says no CRS, lies elsewhere, or holds no shape of the kind.
    """
    import pyogrio
    import pyogrio.errors

    try:
        source = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file
        meta, _, wkb, _ = pyogrio.raw.read(source, columns=[])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, EOFError, ValueError) as error:
        raise SourceError(
            f"{file}: no layer of places can be read ({error}). Give GeoJSON (also .gz), GeoPackage or a shapefile."
        ) from error
    if not meta["crs"]:
        raise SourceError(f"{file}: does not say its CRS. Save it as GeoJSON in WGS84, or with a .prj beside it.")
    shapes = shapely.get_parts(shapely.force_2d(shapely.from_wkb(wkb)))
    shapes = shapes[~shapely.is_empty(shapes)]
    if kind in _MADE_FROM:
        shapes = shapes[np.isin(shapely.get_type_id(shapes), _MADE_FROM[kind][1])]
    if not shapes.size:
        wanted = _MADE_FROM.get(kind, ("shape",))[0]
        raise SourceError(f"{file}: holds no {wanted}; a layer of {kind!r} is made from {wanted}s.")
    points = shapely.get_coordinates(shapes)
    x, y = Projection(crs).from_crs(str(meta["crs"]), points[:, 0].copy(), points[:, 1].copy())
    if not (np.isfinite(x) & np.isfinite(y)).all():
        raise SourceError(f"{file}: has a point that cannot be projected to {crs}; is it the force's ground?")
    metres = shapely.transform(shapes, lambda _: np.column_stack([x, y]))
    return np.asarray(shapely.make_valid(metres) if kind == "share" else metres, dtype=object)
