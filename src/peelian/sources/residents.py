"""Neighbourhoods with how many people live in each, from any polygon file: for the disparity table alone."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from peelian.errors import SourceError
from peelian.places.projections import Projection


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhoods:
    """Polygons in metres, their names, and one count of people for each column asked for; all (n,)."""

    names: tuple[str, ...]
    polygons: NDArray[np.object_]
    counts: dict[str, NDArray[np.float64]]


def read_neighbourhoods(file: Path, crs: str, name_column: str, columns: Sequence[str]) -> Neighbourhoods:
    """Return the file's polygons in metres of ``crs`` with these columns of counts; missing counts are nought.

    Raises
    ------
    SourceError
        When the file cannot be read, has no such column, or a name stands twice.
    """
    import pyogrio
    import pyogrio.errors

    try:
        source = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file
        meta, _, wkb, fields = pyogrio.raw.read(source)
    except (pyogrio.errors.DataSourceError, OSError, EOFError, ValueError) as error:
        raise SourceError(
            f"{file}: no polygons can be read ({error}). Give GeoJSON, GeoPackage or a shapefile."
        ) from error
    given = dict(zip(meta["fields"], fields, strict=True))
    for column in (name_column, *columns):
        if column not in given:
            raise SourceError(f"{file}: no column {column!r}; it has {', '.join(given)}.")
    names = tuple(str(v) for v in given[name_column])
    if len(set(names)) < len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise SourceError(f"{file}: {name_column} {twice[0]!r} stands twice; name a column that tells them apart.")
    if meta["crs"] is None:
        raise SourceError(f"{file}: does not say its CRS. Save it as GeoJSON in WGS84, or with a .prj beside it.")
    projection = Projection(crs)

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(projection.from_crs(str(meta["crs"]), points[:, 0], points[:, 1]))

    polygons = shapely.make_valid(shapely.transform(shapely.force_2d(shapely.from_wkb(wkb)), moved))
    try:
        counts = {c: np.nan_to_num(np.asarray(given[c], dtype=np.float64)) for c in columns}
    except (TypeError, ValueError) as error:
        raise SourceError(f"{file}: a column of people holds something else than numbers: {error}.") from error
    return Neighbourhoods(names, np.asarray(polygons), counts)
