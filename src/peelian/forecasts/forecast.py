"""Forecast: the expected count of every cell for one bundle and one period."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.places.grid import Grid
from peelian.places.periods import Period

Parameter = str | float | int | bool


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Expected (weighted) events per cell in ``period``, from what was known at ``cutoff``; (n_cells,) float64."""

    bundle: Bundle
    grid: Grid
    period: Period
    cutoff: datetime
    expected: NDArray[np.float64]
    model: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a surface of another shape, or with counts that cannot be expected.

        Raises
        ------
        ForecastError
            When the shape is not (n_cells,), or a value is negative or not finite.
        """
        if self.expected.shape != (self.grid.n_cells,):
            raise ForecastError(
                f"{self.model}: expected counts of shape {self.expected.shape}; the grid has {self.grid.n_cells} cells."
            )
        if not (np.isfinite(self.expected).all() and (self.expected >= 0).all()):
            bad = int(np.flatnonzero(~(np.isfinite(self.expected) & (self.expected >= 0)))[0])
            raise ForecastError(
                f"{self.model} for {self.bundle.name}: cell {bad} has expected count {self.expected[bad]}; "
                "expected counts are finite and not negative."
            )
