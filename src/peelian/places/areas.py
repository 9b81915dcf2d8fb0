"""Study areas: what a forecast speaks about. What lies outside is not counted.

A level (force, borough, ward, district) is a layer of areas that share no cell: a cell belongs
to the area that holds its centre, or, where a feed has only a district column, to the district
in which most of the cell's events fall.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from peelian.errors import PlaceError
from peelian.places.grid import Grid
from peelian.places.regions import Region


@dataclass(frozen=True, slots=True, eq=False)
class StudyArea:
    """One area: its cells (ids on the layer's grid, rising) and, where there is one, its boundary."""

    id: str
    name: str
    cells: NDArray[np.int64]
    boundary: shapely.Geometry | None = None

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(self.cells.size)


@dataclass(frozen=True, slots=True, eq=False)
class AreaLayer:
    """All areas of one level on one grid, in the order of their ids."""

    level: str
    grid: Grid
    areas: tuple[StudyArea, ...]

    def __post_init__(self) -> None:
        """Refuse areas that share a cell or an id: an event would be counted twice."""
        ids = [area.id for area in self.areas]
        if len(set(ids)) < len(ids):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            raise PlaceError(f"level {self.level!r} has area ids twice: {', '.join(twice[:5])}. Give each area one id.")
        if ids != sorted(ids):
            object.__setattr__(self, "areas", tuple(sorted(self.areas, key=lambda area: area.id)))
        cells = np.concatenate([area.cells for area in self.areas]) if self.areas else np.empty(0, dtype=np.int64)
        if np.unique(cells).size < cells.size:
            raise PlaceError(f"level {self.level!r}: two areas share a cell; a cell belongs to one area of a level.")

    @classmethod
    def from_polygons(
        cls, level: str, grid: Grid, ids: Sequence[str], names: Sequence[str], polygons: Sequence[shapely.Geometry]
    ) -> "AreaLayer":
        """Return the layer whose areas hold the cells with their centre inside; the lowest id wins on overlap.

        Polygons are in the grid's CRS. An area too small to hold a centre keeps no cell and stays in the layer.
        """
        x, y = grid.centres()
        owner = np.full(grid.n_cells, -1, dtype=np.int64)
        order = sorted(range(len(ids)), key=lambda i: ids[i])
        tree = shapely.STRtree(np.atleast_1d(np.asarray(shapely.points(x, y))))
        for index in reversed(order):
            shapely.prepare(polygons[index])
            owner[tree.query(polygons[index], predicate="intersects")] = index
        areas = (StudyArea(ids[i], names[i], np.flatnonzero(owner == i), polygons[i]) for i in order)
        return cls(level, grid, tuple(areas))

    @classmethod
    def from_districts(
        cls,
        level: str,
        grid: Grid,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        districts: Sequence[str | None],
        name: str = "{}",
    ) -> "AreaLayer":
        """Return the layer in which each cell with events belongs to the district of most of them.

        ``name`` shapes the areas' names, e.g. ``"District {}"``. Ties go to the lower id; events
        without a district or outside the grid decide nothing.
        """
        labels = np.array([d or "" for d in districts], dtype=np.str_)
        cell = grid.cell_of(x, y)
        counted = (labels != "") & (cell >= 0)
        ids, district = np.unique(labels[counted], return_inverse=True)
        votes = np.zeros((max(ids.size, 1), grid.n_cells), dtype=np.int64)
        np.add.at(votes, (district, cell[counted]), 1)
        owner = np.where(votes.sum(axis=0) > 0, votes.argmax(axis=0), -1)
        areas = (StudyArea(str(i), name.format(i), np.flatnonzero(owner == k)) for k, i in enumerate(ids))
        return cls(level, grid, tuple(areas))

    def without(self, masked: NDArray[np.bool_]) -> "AreaLayer":
        """Return the layer without the masked cells (n_cells,): water, or where no crime can be."""
        areas = (StudyArea(a.id, a.name, a.cells[~masked[a.cells]], a.boundary) for a in self.areas)
        return AreaLayer(self.level, self.grid, tuple(areas))

    def with_cells(self) -> "AreaLayer":
        """Return the layer without the areas that hold no cell: nothing can be forecast for them."""
        return AreaLayer(self.level, self.grid, tuple(a for a in self.areas if a.n_cells))

    def only(self, ids: Collection[str]) -> "AreaLayer":
        """Return the layer with these areas alone; ids that it does not have are passed over."""
        return AreaLayer(self.level, self.grid, tuple(a for a in self.areas if a.id in ids))

    @property
    def owner(self) -> NDArray[np.int64]:
        """Index into ``areas`` for every cell of the grid, -1 where the cell is in none; (n_cells,)."""
        owner = np.full(self.grid.n_cells, -1, dtype=np.int64)
        for index, area in enumerate(self.areas):
            owner[area.cells] = index
        return owner

    @property
    def is_inside(self) -> NDArray[np.bool_]:
        """Which cells belong to any area; (n_cells,)."""
        return np.asarray(self.owner >= 0)

    @property
    def region(self) -> Region:
        """The cells of all areas of the layer: what a model spreads its expected counts over."""
        return Region(self.grid, self.is_inside)

    def area(self, area_id: str) -> StudyArea:
        """Return the area of that id.

        Raises
        ------
        PlaceError
            When the layer has no such area.
        """
        for area in self.areas:
            if area.id == area_id:
                return area
        known = ", ".join(a.id for a in self.areas[:10])
        raise PlaceError(f"no area {area_id!r} at level {self.level!r}; known are {known}.")
