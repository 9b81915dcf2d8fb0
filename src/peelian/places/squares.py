"""Squares of one size anywhere in the plane: cells of a grid, or boxes that float off it."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from peelian.errors import PlaceError


@dataclass(frozen=True, slots=True, eq=False)
class Squares:
    """Squares by their south-west corners, half-open towards east and north.

    ``x_min`` and ``y_min`` have shape (n_squares,), in metres of the projected CRS. Where squares answer for areas,
    ``owner`` numbers the area of every cell of the grid in use (n_cells,) and ``answers_for`` that of every square
    (n_squares,): a box on an area's edge counts what its own side expects, not what the neighbour's does.
    """

    x_min: NDArray[np.float64]
    y_min: NDArray[np.float64]
    size_m: float
    owner: NDArray[np.int64] | None = None
    answers_for: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        """Hold the corners as equally long float64 vectors."""
        object.__setattr__(self, "x_min", np.asarray(self.x_min, dtype=np.float64))
        object.__setattr__(self, "y_min", np.asarray(self.y_min, dtype=np.float64))
        if self.x_min.ndim != 1 or self.x_min.shape != self.y_min.shape:
            raise PlaceError(f"corners of shapes {self.x_min.shape} and {self.y_min.shape}: give two equal vectors.")
        if (self.owner is None) != (self.answers_for is None):
            raise PlaceError("squares answer for areas by ``owner`` and ``answers_for`` together, or for all ground.")
        if self.answers_for is not None and self.answers_for.shape != self.x_min.shape:
            raise PlaceError(f"answers_for has shape {self.answers_for.shape}; there are {self.x_min.size} squares.")
        if not self.size_m > 0:
            raise PlaceError(f"size_m = {self.size_m!r}: a square has a positive side in metres.")

    def __len__(self) -> int:
        """Number of squares."""
        return int(self.x_min.size)

    def __getitem__(self, index: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "Squares":
        """Return the chosen squares in the order asked for."""
        answers_for = None if self.answers_for is None else self.answers_for[index]
        return Squares(self.x_min[index], self.y_min[index], self.size_m, self.owner, answers_for)

    def own(self, square: NDArray[np.int64] | slice, cell: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each square answers for the cell beside it; squares and cells broadcast."""
        if self.owner is None or self.answers_for is None:
            return np.ones(np.broadcast_shapes(self.x_min[square].shape, cell.shape), dtype=np.bool_)
        return np.asarray(self.owner[cell] == self.answers_for[square])

    @property
    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(x, y) of the centres in metres."""
        return self.x_min + self.size_m / 2, self.y_min + self.size_m / 2

    @property
    def shapes(self) -> NDArray[np.object_]:
        """The squares as polygons in metres, (n_squares,)."""
        east, north = self.x_min + self.size_m, self.y_min + self.size_m
        return np.asarray(shapely.box(self.x_min, self.y_min, east, north), dtype=object)

    def contain(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return an (n_squares, n_points) table: does this square hold this point? Half-open edges."""
        east, north = np.subtract.outer(x, self.x_min).T, np.subtract.outer(y, self.y_min).T
        return np.asarray((east >= 0) & (east < self.size_m) & (north >= 0) & (north < self.size_m))
