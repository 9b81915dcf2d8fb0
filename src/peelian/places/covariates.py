"""What a place is like, cell by cell: optional layers for models. Places only: never who lives there.

A layer is one number per cell: how many bus stops, how far to the nearest bar, what share is park, how many metres of
street. Layers of who people are (ethnicity, income, age) do not belong here: a forecast must not learn them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from peelian.errors import PlaceError
from peelian.places.grid import Grid

#: A cell's share of a polygon is told by this many points along each side of the cell.
POINTS_A_SIDE = 8
#: Lines are measured in pieces of at most this length.
PIECE_M = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Covariates:
    """``values`` (n_cells, n_layers), one column per name, finite everywhere on the grid."""

    grid: Grid
    names: tuple[str, ...]
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse another shape, a name twice, or a value that is no number."""
        wanted = (self.grid.n_cells, len(self.names))
        if self.values.shape != wanted:
            raise PlaceError(f"covariates of shape {self.values.shape}; wanted {wanted} for {', '.join(self.names)}.")
        if len(set(self.names)) < len(self.names):
            raise PlaceError(f"covariates {', '.join(self.names)}: give each layer a name of its own.")
        wrong = np.flatnonzero(~np.isfinite(self.values).all(axis=0))
        if wrong.size:
            cell = int(np.flatnonzero(~np.isfinite(self.values[:, wrong[0]]))[0])
            raise PlaceError(
                f"covariate {self.names[wrong[0]]!r} is {self.values[cell, wrong[0]]} in cell {cell}; "
                "every cell needs a number: fill what is not known before."
            )

    @classmethod
    def of(cls, grid: Grid, layers: Mapping[str, NDArray[np.float64]]) -> "Covariates":
        """Return the layers (n_cells,) by their names, in the order given; none at all is an answer."""
        columns = [np.asarray(values, dtype=np.float64) for values in layers.values()]
        stacked = np.stack(columns, axis=1) if columns else np.empty((grid.n_cells, 0))
        return cls(grid, tuple(layers), stacked)

    def on(self, grid: Grid) -> "Covariates":
        """Return the layers on the same grid, or on one nested in it, where each cell has its parent's values.

        Raises
        ------
        PlaceError
            When the grid is neither.
        """
        if grid == self.grid:
            return self
        factor = round(self.grid.cell_size_m / grid.cell_size_m)
        if factor < 1 or self.grid.nested(factor) != grid:
            raise PlaceError(
                f"covariates stand on a grid of {self.grid.cell_size_m:g} m that does not nest the model's of "
                f"{grid.cell_size_m:g} m; make them on the model's grid."
            )
        return Covariates(grid, self.names, self.values[self.grid.parent_cells(factor)])


#: How a layer is made from shapes: how many, how far, what share, how many metres.
KINDS = ("points", "distance", "share", "lines")


@dataclass(frozen=True, slots=True, eq=False)
class PlaceLayers:
    """Shapes in metres, by layer, from which covariates are made on any grid.

    ``kinds`` are of ``KINDS``: points in each cell, metres to the nearest point, share of polygons, metres of lines.
    Only shapes are held, no column beside them: what a place is like, never who lives there.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    shapes: tuple[NDArray[np.object_], ...]

    def on(self, grid: Grid) -> Covariates:
        """Return the layers as numbers on a grid; errors as of the functions below."""
        return _on(self, grid)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the layers' names, kinds and shapes."""
        digest = hashlib.sha256(repr((self.names, self.kinds)).encode())
        for shapes in self.shapes:
            for wkb in shapely.to_wkb(shapes, byte_order=1):
                digest.update(wkb)
        return digest.hexdigest()


@lru_cache(maxsize=4)
def _on(layers: PlaceLayers, grid: Grid) -> Covariates:
    made = {}
    for name, kind, shapes in zip(layers.names, layers.kinds, layers.shapes, strict=True):
        if kind in ("points", "distance"):
            x, y = shapely.get_coordinates(shapely.centroid(shapes)).T
            made[name] = points_per_cell(grid, x, y) if kind == "points" else distance_to_nearest(grid, x, y)
        elif kind == "share":
            made[name] = share_of_polygons(grid, list(shapes))
        elif kind == "lines":
            made[name] = metres_of_lines(grid, list(shapes))
        else:
            raise PlaceError(f"layer {name!r} is made by {kind!r}; layers are made by {', '.join(KINDS)}.")
    return Covariates.of(grid, made)


def points_per_cell(grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many points fall in each cell, (n_cells,); points off the grid count nowhere."""
    cell = grid.cell_of(x, y)
    return np.bincount(cell[cell >= 0], minlength=grid.n_cells).astype(np.float64)


def distance_to_nearest(grid: Grid, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the metres from each cell's centre to the nearest point, (n_cells,); points off the grid count too.

    Raises
    ------
    PlaceError
        When there is no point: no distance can be told.
    """
    if not np.size(x):
        raise PlaceError("no point to measure the distance to; leave this layer out.")
    distance, _ = cKDTree(np.column_stack([x, y])).query(np.column_stack(grid.centres()))
    return np.asarray(distance, dtype=np.float64)


def share_of_polygons(grid: Grid, polygons: Sequence[shapely.Geometry]) -> NDArray[np.float64]:
    """Return the share of each cell that lies in any of the polygons, (n_cells,) 0..1, in steps of 1/64."""
    if not len(polygons):
        return np.zeros(grid.n_cells)
    fine = grid.nested(POINTS_A_SIDE)
    x, y = fine.centres()
    # One union, so that overlapping polygons count once.
    whole = shapely.union_all(np.asarray(polygons, dtype=object))
    shapely.prepare(whole)
    inside = shapely.intersects_xy(whole, x, y)
    held = np.bincount(grid.parent_cells(POINTS_A_SIDE), inside, minlength=grid.n_cells)
    return np.asarray(held / POINTS_A_SIDE**2, dtype=np.float64)


def metres_of_lines(grid: Grid, lines: Sequence[shapely.Geometry]) -> NDArray[np.float64]:
    """Return the metres of line in each cell, (n_cells,); what lies off the grid counts nowhere.

    Lines are cut in pieces of at most ``PIECE_M``; a piece belongs to the cell of its middle.
    """
    if not len(lines):
        return np.zeros(grid.n_cells)
    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    points, line = shapely.get_coordinates(shapely.segmentize(parts, PIECE_M), return_index=True)
    same = line[1:] == line[:-1]
    step = (points[1:] - points[:-1])[same]
    middle = (points[1:] + points[:-1])[same] / 2
    cell = grid.cell_of(middle[:, 0], middle[:, 1])
    length = np.hypot(step[:, 0], step[:, 1])
    return np.bincount(cell[cell >= 0], length[cell >= 0], minlength=grid.n_cells).astype(np.float64)
