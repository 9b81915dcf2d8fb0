"""Patrol areas: boxes near enough to walk between, joined into one beat. The boxes themselves stay as chosen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from peelian.errors import ForecastError
from peelian.places.squares import Squares


@dataclass(frozen=True, slots=True, eq=False)
class PatrolAreas:
    """``area_of`` (n_boxes,) numbers the patrol area of each box from 0, in order of its first box."""

    squares: Squares
    area_of: NDArray[np.int64]

    @property
    def n_areas(self) -> int:
        """Number of patrol areas."""
        return int(self.area_of.max()) + 1 if self.area_of.size else 0

    def totals(self, expected: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each patrol area's boxes expect together; ``expected`` (n_boxes,), result (n_areas,)."""
        return np.bincount(self.area_of, expected, minlength=self.n_areas).astype(np.float64)


def join_boxes(squares: Squares, gap_m: float = 0.0) -> PatrolAreas:
    """Return the boxes joined where no more than ``gap_m`` of open ground lies between their sides.

    The gap is the larger of the two distances along the axes, so boxes that touch at a corner join at
    ``gap_m`` 0. Joining is chained: a row of touching boxes is one beat, however long.

    Raises
    ------
    ForecastError
        When the gap is negative or not finite.
    """
    if not (np.isfinite(gap_m) and gap_m >= 0):
        raise ForecastError(f"gap_m = {gap_m!r}: boxes are joined over 0 metres or more.")
    if not len(squares):
        return PatrolAreas(squares, np.empty(0, dtype=np.int64))
    apart = np.maximum(
        np.abs(np.subtract.outer(squares.x_min, squares.x_min)),
        np.abs(np.subtract.outer(squares.y_min, squares.y_min)),
    )
    near = apart <= squares.size_m + gap_m + 1e-6
    _, label = connected_components(csr_matrix(near.astype(np.int8)), directed=False)
    _, first = np.unique(label, return_index=True)
    renumbered = np.argsort(np.argsort(first))
    return PatrolAreas(squares, renumbered[label].astype(np.int64))
