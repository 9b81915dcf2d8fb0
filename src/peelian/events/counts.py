"""Counts: how many events fell in each cell in a period. A fact about the past, not a forecast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.errors import EventsError
from peelian.events.events import Events
from peelian.places.grid import Grid
from peelian.places.periods import Period


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Weighted events per cell in a period; ``values`` has shape (n_cells,).

    ``outside`` is what fell in the period but off the grid, so that values and outside add up to all.
    """

    grid: Grid
    period: Period
    values: NDArray[np.float64]
    outside: float

    @property
    def total(self) -> float:
        """All that fell in the period, on the grid or off it."""
        return float(self.values.sum()) + self.outside


def count(events: Events, grid: Grid, period: Period, weights: NDArray[np.float64] | None = None) -> Counts:
    """Return the events of the period counted on the grid, spread over unknown hours.

    ``weights`` (n_events,) multiplies each event (a bundle's weight, a harm score); 1 when not given.

    Raises
    ------
    EventsError
        When the grid's CRS is not that of the events.
    """
    if events.crs != grid.crs:
        raise EventsError(f"events are in {events.crs}, the grid in {grid.crs}; project one of them.")
    share = events.overlap(period) * (1.0 if weights is None else weights)
    cell = events.cells(grid)
    inside = cell >= 0
    values = np.bincount(cell[inside], share[inside], minlength=grid.n_cells).astype(np.float64)
    return Counts(grid, period, values, float(share[~inside].sum()))
