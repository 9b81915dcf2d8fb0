"""A region: the grid a model works on, and which of its cells can hold a crime at all."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from peelian.errors import PlaceError
from peelian.places.grid import Grid


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Region:
    """``is_inside`` (n_cells,) marks the cells of all study areas, masked ones left out.

    ``window`` are the rows and the columns that hold them all: beyond it there is nothing to work out.
    """

    grid: Grid
    is_inside: NDArray[np.bool_]
    window: tuple[slice, slice] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a mark per cell of another grid, and a region without cells."""
        if self.is_inside.shape != (self.grid.n_cells,):
            raise PlaceError(f"is_inside has shape {self.is_inside.shape}; the grid has {self.grid.n_cells} cells.")
        if not self.is_inside.any():
            raise PlaceError("a region without any cell: no study area holds the centre of one.")
        inside = self.is_inside.reshape(self.grid.shape)
        rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
        window = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
        object.__setattr__(self, "window", window)

    @property
    def n_inside(self) -> int:
        """Number of cells inside."""
        return int(self.is_inside.sum())

    @property
    def area_m2(self) -> float:
        """Area of the cells inside, in square metres."""
        return self.n_inside * self.grid.cell_area_m2

    def nested(self, factor: int) -> "Region":
        """Return the same region on cells ``factor`` times smaller."""
        return Region(self.grid.nested(factor), self.is_inside[self.grid.parent_cells(factor)])
