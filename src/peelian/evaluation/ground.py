"""The ground a forecast is judged on: cells by area, and where in its area's ranking every cell stands."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.places.areas import AreaLayer
from peelian.places.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The cells of all areas of a layer, sorted by area and then by cell id.

    ``owner`` (n_cells of the grid,) is the index of each cell's area, -1 for none; ``cells`` (n_inside,) are
    the cells inside; ``starts`` (n_areas + 1,) tells where each area's cells begin.
    """

    grid: Grid
    area_ids: tuple[str, ...]
    owner: NDArray[np.int64]
    cells: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, layer: AreaLayer) -> "Ground":
        """Return the ground of a layer."""
        owner = layer.owner
        inside = np.flatnonzero(owner >= 0)
        cells = inside[np.argsort(owner[inside], kind="stable")]
        sizes = np.bincount(owner[inside], minlength=len(layer.areas))
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return cls(layer.grid, tuple(a.id for a in layer.areas), owner, cells, starts)

    @property
    def n_areas(self) -> int:
        """Number of areas."""
        return len(self.area_ids)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of cells of each area, (n_areas,)."""
        return np.diff(self.starts)

    @property
    def area_m2(self) -> NDArray[np.float64]:
        """Size of each area in square metres, (n_areas,)."""
        return np.asarray(self.sizes * self.grid.cell_area_m2, dtype=np.float64)

    def by_area(self, surface: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a surface (n_cells,) summed over each area, (n_areas,)."""
        owner = self.owner[self.cells]
        return np.bincount(owner, surface[self.cells], minlength=self.n_areas).astype(np.float64)

    def area_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (cell, area index) of each point; both -1 where it lies off the grid, the area where in none."""
        cell = self.grid.cell_of(x, y)
        return cell, np.where(cell >= 0, self.owner[np.maximum(cell, 0)], -1)

    def standing(
        self, surface: NDArray[np.float64], cells: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the shares of its area that rank above each of ``cells``, without and with those that tie with it.

        Two (n_cells asked for,) arrays, 0..1; NaN outside. A patrol that boxes the best share ``c`` of an area
        reaches a cell surely when ``c`` is at or above the second, never when at or below the first, and in
        proportion between: ties are broken at random, and a cell may be boxed in part.
        """
        owner = self.owner[cells]
        low, high = np.full(cells.size, np.nan), np.full(cells.size, np.nan)
        for area in np.unique(owner[owner >= 0]):
            ranked = np.sort(surface[self.cells[self.starts[area] : self.starts[area + 1]]])
            mine = np.flatnonzero(owner == area)
            value = surface[cells[mine]]
            low[mine] = (ranked.size - np.searchsorted(ranked, value, side="right")) / ranked.size
            high[mine] = (ranked.size - np.searchsorted(ranked, value, side="left")) / ranked.size
        return low, high


def caught_at(
    coverage: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the chance that each event is caught when the best share ``coverage`` of its area is boxed.

    ``low`` and ``high`` are the event's standing (see ``Ground.standing``); the three broadcast.
    """
    return np.asarray(np.clip((coverage - low) / (high - low), 0.0, 1.0))
