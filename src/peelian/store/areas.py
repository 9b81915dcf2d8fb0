"""The polygons of a force's areas, kept as WKB in Parquet under ``HOME/areas/force=ID/LEVEL.parquet``.

A file of any kind that pyogrio reads comes in once, in the force's metres, with invalid rings
mended; a layer on a grid is made from it when it is asked for.
"""

import gzip
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from peelian.errors import PlaceError, StoreError
from peelian.events import Events
from peelian.places import AreaLayer, Force, Grid, Projection, StudyArea
from peelian.store.files import write_whole

FORCE = "force"
DISTRICT = "district"
MASK = "mask"
#: An area lies in a larger one that has this much of it: boundaries of two levels are seldom drawn alike.
_MOSTLY = 0.9
_HELD = "held.json"
_SCHEMA = pl.Schema({"id": pl.String, "name": pl.String, "wkb": pl.Binary})


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a polygon file: areas kept, and how many of them had rings to mend."""

    level: str
    areas: int
    mended: int


class AreaStore:
    """All forces' polygon layers in one home folder."""

    def __init__(self, home: Path) -> None:
        """Keep the place; nothing is read or made yet."""
        self._root = Path(home) / "areas"
        self._made: dict[tuple[str, str, Grid, int], AreaLayer] = {}

    def add(
        self, force: Force, level: str, file: Path, id_column: str | None = None, name_column: str | None = None
    ) -> Added:
        """Keep the file's polygons as the force's areas of that level; an earlier layer of the level is replaced.

        Without ``id_column`` the areas are numbered in the order of the file; without
        ``name_column`` the id is the name. Polygons with the same id are one area.

        Raises
        ------
        StoreError
            When the file cannot be read, has no such column, or holds no polygon with an id.
        """
        crs, columns, wkb = _read(file)
        ids = _texts(file, columns, id_column) or [str(i + 1) for i in range(len(wkb))]
        names = _texts(file, columns, name_column) or ids
        polygons = _in_metres(force, crs, shapely.from_wkb(wkb))
        valid = shapely.is_valid(polygons)
        polygons = np.where(valid, polygons, shapely.make_valid(polygons))
        parts: dict[str, tuple[str, list[shapely.Geometry]]] = {}
        for area_id, name, polygon in zip(ids, names, polygons, strict=True):
            whole = _polygons_only(polygon)
            if area_id and not shapely.is_empty(whole):
                parts.setdefault(area_id, (name, []))[1].append(whole)
        if not parts:
            raise StoreError(f"{file}: no polygon with an id; areas are polygons, each with its id.")
        rows = [(i, name, shapely.to_wkb(shapely.union_all(shapes))) for i, (name, shapes) in sorted(parts.items())]
        self._write(force.id, level, pl.DataFrame(rows, schema=_SCHEMA, orient="row"))
        held = json.dumps(self._held(force.id), ensure_ascii=False, sort_keys=True)
        write_whole(self._folder(force.id) / _HELD, held.encode())
        return Added(level, len(rows), int((~valid).sum()))

    def mask(self, force: Force, file: Path) -> Added:
        """Keep the polygons of water and other places where no crime can be; their cells leave every layer."""
        return self.add(force, MASK, file)

    def levels(self, force_id: str) -> tuple[str, ...]:
        """Return the levels with polygons kept, by name; the mask is not one."""
        return tuple(sorted(p.stem for p in self._folder(force_id).glob("*.parquet") if p.stem != MASK))

    def count(self, force_id: str, level: str) -> int:
        """Return how many areas a kept level has; 0 where nothing of it is kept."""
        kept = self._read_level(force_id, level)
        return 0 if kept is None else len(kept.ids)

    def names(self, force_id: str, level: str) -> dict[str, str]:
        """Return the names of a kept level's areas by their ids; nothing where nothing of it is kept."""
        kept = self._read_level(force_id, level)
        return {} if kept is None else dict(zip(kept.ids, kept.names, strict=True))

    def held(self) -> Mapping[str, tuple[str, ...]]:
        """Return, by the id of an area of any force, the ids of smaller areas that lie in it, of every level.

        An id that two levels or two forces share tells nobody which of its areas is meant: it holds nothing.
        """
        files = sorted(self._root.glob(f"force=*/{_HELD}"))
        return _held_in(tuple((file, file.stat().st_mtime_ns) for file in files))

    def _held(self, force_id: str) -> dict[str, list[str]]:
        """Return which areas of the force lie in which larger ones; its own area's id is the force's."""
        kept = {level: self._read_level(force_id, level) for level in self.levels(force_id)}
        layers = {level: k for level, k in kept.items() if k is not None}
        held: dict[str, set[str]] = {force_id: {i for k in layers.values() for i in k.ids}}
        for level, larger in layers.items():
            for other, smaller in layers.items():
                if other == level:
                    continue
                size = shapely.area(smaller.polygons)
                inner, outer = shapely.STRtree(larger.polygons).query(smaller.polygons, predicate="intersects")
                is_smaller = size[inner] < shapely.area(larger.polygons)[outer]
                inner, outer = inner[is_smaller], outer[is_smaller]
                common = shapely.area(shapely.intersection(smaller.polygons[inner], larger.polygons[outer]))
                for i, o in zip(
                    inner[common >= _MOSTLY * size[inner]], outer[common >= _MOSTLY * size[inner]], strict=True
                ):
                    held.setdefault(larger.ids[o], set()).add(smaller.ids[i])
        times = Counter(i for k in layers.values() for i in k.ids)
        return {area: sorted(inside - {area}) for area, inside in held.items() if area == force_id or times[area] == 1}

    def default_level(self, force: Force, events: Events) -> str:
        """Return the level to work on where none is asked for: borough, else district, else any, else the force."""
        kept = self.levels(force.id)
        for level in ("borough", DISTRICT):
            if level in kept or (level == DISTRICT and events.table.get_column("district").count()):
                return level
        return next((level for level in kept if level != FORCE), FORCE)

    def layer(self, force: Force, level: str, grid: Grid, events: Events) -> AreaLayer:
        """Return the areas of a level on the grid, without the masked cells.

        From polygons where they are kept; level "district" else from the feed's own column;
        level "force" always: its polygons, the union of another level's, or all cells with events.

        Raises
        ------
        StoreError
            When nothing of that level is kept.
        """
        polygons = self._polygon_layer(force.id, level, grid)
        if polygons is not None:
            layer = polygons
        elif level == DISTRICT and events.table.get_column("district").count():
            districts = events.table.get_column("district").to_list()
            layer = AreaLayer.from_districts(level, grid, events.x, events.y, districts, "District {}")
        elif level == FORCE:
            layer = self._whole_force(force, grid, events)
        else:
            known = ", ".join(sorted({*self.levels(force.id), FORCE}))
            raise StoreError(
                f"{force.name} has no areas of level {level!r}; there are {known}. Bring polygons in with "
                f"'peelian areas add {level} FILE'."
            )
        masked = self._masked(force.id, grid)
        return layer if masked is None else layer.without(masked)

    def outline(self, force: Force) -> shapely.Geometry | None:
        """Return the force's boundary in metres: its own polygons, else the union of a level's; None without any."""
        for level in (FORCE, *self.levels(force.id)):
            kept = self._read_level(force.id, level)
            if kept is not None:
                return shapely.union_all(kept.polygons)
        return None

    def _whole_force(self, force: Force, grid: Grid, events: Events) -> AreaLayer:
        outline = self.outline(force)
        if outline is not None:
            return AreaLayer.from_polygons(FORCE, grid, [force.id], [force.name], [outline])
        cells = np.unique(grid.cell_of(events.x, events.y))
        return AreaLayer(FORCE, grid, (StudyArea(force.id, force.name, cells[cells >= 0]),))

    def _masked(self, force_id: str, grid: Grid) -> NDArray[np.bool_] | None:
        layer = self._polygon_layer(force_id, MASK, grid)
        return None if layer is None else layer.is_inside

    def _polygon_layer(self, force_id: str, level: str, grid: Grid) -> AreaLayer | None:
        """Return the layer of kept polygons, made once for a grid: a night looks back on many on the same one."""
        path = self._path(force_id, level)
        if not path.exists():
            return None
        key = (force_id, level, grid, path.stat().st_mtime_ns)
        if key not in self._made:
            kept = self._read_level(force_id, level)
            if kept is None:
                return None
            self._made[key] = AreaLayer.from_polygons(level, grid, kept.ids, kept.names, list(kept.polygons))
        return self._made[key]

    def _read_level(self, force_id: str, level: str) -> "_Kept | None":
        path = self._path(force_id, level)
        if not path.exists():
            return None
        try:
            table = pl.read_parquet(path, schema=_SCHEMA)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StoreError(f"{path}: the kept areas are damaged ({error}). Add the layer again.") from error
        polygons = shapely.from_wkb(table.get_column("wkb").to_list())
        return _Kept(table.get_column("id").to_list(), table.get_column("name").to_list(), polygons)

    def _write(self, force_id: str, level: str, table: pl.DataFrame) -> None:
        content = io.BytesIO()
        table.write_parquet(content, compression="zstd")
        write_whole(self._path(force_id, level), content.getvalue())

    def _path(self, force_id: str, level: str) -> Path:
        if not level.replace("-", "").replace("_", "").isalnum():
            raise StoreError(f"level {level!r} cannot name a file; use letters, digits and hyphens, such as 'borough'.")
        return self._folder(force_id) / f"{level}.parquet"

    def _folder(self, force_id: str) -> Path:
        return self._root / f"force={force_id}"


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    ids: list[str]
    names: list[str]
    polygons: NDArray[np.object_]


@lru_cache(maxsize=4)
def _held_in(files: tuple[tuple[Path, int], ...]) -> Mapping[str, tuple[str, ...]]:
    told = [json.loads(file.read_text("utf-8")) for file, _ in files]
    times = Counter(area for of_force in told for area in of_force)
    return {a: tuple(inside) for of_force in told for a, inside in of_force.items() if times[a] == 1}


def _read(file: Path) -> tuple[str, dict[str, list[Any]], NDArray[np.object_]]:
    """Return (CRS, columns, WKB) of a polygon file of any kind, gzip or not."""
    import pyogrio
    import pyogrio.errors

    try:
        source = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file
        meta, _, wkb, fields = pyogrio.raw.read(source)
    except (pyogrio.errors.DataSourceError, OSError, EOFError, ValueError) as error:
        raise StoreError(
            f"{file}: no polygons can be read ({error}). Give GeoJSON, GeoPackage or a shapefile."
        ) from error
    if wkb is None or len(wkb) == 0:
        raise StoreError(f"{file}: holds no polygon.")
    if meta["crs"] is None:
        raise StoreError(f"{file}: does not say its CRS. Save it as GeoJSON in WGS84, or with a .prj beside it.")
    return str(meta["crs"]), {n: list(v) for n, v in zip(meta["fields"], fields, strict=True)}, wkb


def _texts(file: Path, columns: dict[str, list[Any]], name: str | None) -> list[str] | None:
    """Return a column as text, None where none is asked for; a whole number loses its '.0'."""
    if name is None:
        return None
    if name not in columns:
        raise StoreError(f"{file}: no column {name!r}; it has {', '.join(columns) or 'none'}.")
    plain = (int(v) if isinstance(v, float) and v.is_integer() else v for v in columns[name])
    return ["" if v is None else str(v).strip() for v in plain]


def _in_metres(force: Force, crs: str, polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons in the force's CRS."""
    projection = Projection(force.crs)

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        placed = np.column_stack(projection.from_crs(crs, points[:, 0], points[:, 1]))
        if np.isfinite(placed).all():
            return placed
        raise PlaceError(
            f"some of the polygons lie outside {force.crs}, the CRS of {force.name}. Is it the right file?"
        )

    return np.asarray(shapely.transform(shapely.force_2d(polygons), moved))


def _polygons_only(shape: shapely.Geometry | None) -> shapely.Geometry:
    """Return the polygons of a shape: mending may leave lines and points behind, and a row may have no shape."""
    if shape is None:
        return shapely.union_all([])
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.union_all(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])
