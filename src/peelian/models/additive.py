"""Additive forecasts: every event adds its own share to every cell, so "why this box" is a sum, not a story.

A model that can be written as ``sum over parts of kernel(part) * weight(event) + constant`` makes an
``AdditiveFit`` and has forecast, exact explanation and rank ranges for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.kernels import CellKernel, cells_held
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One kernel and what each event sends through it: expected events a day, (n_events,).

    Without a ``kernel`` at hand it is the plain one of ``bandwidth_m``.
    """

    bandwidth_m: float
    daily: NDArray[np.float64]
    kernel: CellKernel | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AdditiveSum:
    """Expected events a day in each cell: parts driven by events, plus ``constant_daily`` per cell inside."""

    model: str
    bundle: Bundle
    region: Region
    history: Events
    parts: tuple[Part, ...]
    constant_daily: float
    parameters: Mapping[str, Parameter]
    kernels: tuple[CellKernel, ...] = ()  # those at hand already; others are made when asked for

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts for the period; every part scales with its length."""
        grid = self.region.grid
        cell = self.history.cells(grid)
        acting = np.flatnonzero((cell >= 0) & self._acting)
        place = cell[acting]
        daily = np.where(self.region.is_inside, self.constant_daily, 0.0)
        for part in self.parts:
            sent = np.bincount(place, part.daily[acting], minlength=grid.n_cells).astype(np.float64)
            daily = daily + self._kernel(part).spread(sent)
        return Forecast(
            self.bundle, grid, period, self.history.known_at, daily * period.days, self.model, self.parameters
        )

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event in each square's expected count."""
        grid = self.region.grid
        cell = self.history.cells(grid)
        acting = np.flatnonzero((cell >= 0) & self._acting)
        cells, index = np.unique(cell[acting], return_inverse=True)
        total = csr_array((len(squares), len(self.history)))
        for part in self.parts:
            kernel = self._kernel(part)
            sends = part.daily[acting] * period.days
            events_in_cells = csr_array(coo_array((sends, (index, acting)), shape=(cells.size, len(self.history))))
            total = total + kernel.weights(squares, cells) @ events_in_cells
        # The constant belongs to cells inside only; a square on the region's edge holds fewer of them.
        constant = cells_held(self.region, squares) * (self.constant_daily * period.days)
        return Influence(squares, self.history, csr_array(total), constant)

    def _kernel(self, part: Part) -> CellKernel:
        if part.kernel is not None:
            return part.kernel
        for kernel in self.kernels:
            if kernel.bandwidth_m == part.bandwidth_m:
                return kernel
        return CellKernel(self.region, part.bandwidth_m)

    @property
    def _acting(self) -> NDArray[np.bool_]:
        acting = np.zeros(len(self.history), dtype=np.bool_)
        for part in self.parts:
            acting |= part.daily > 0
        return acting


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """An additive sum by cell: the same numbers without the events behind them, at a fraction of the cost.

    ``driven`` (n_cells,) is what past events bring each cell a day; ``constant_daily`` comes on top in cells inside.
    """

    model: str
    bundle: Bundle
    region: Region
    known_at: datetime
    driven: NDArray[np.float64]
    constant_daily: float
    parameters: Mapping[str, Parameter]

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts for the period; they scale with its length."""
        daily = np.where(self.region.is_inside, self.driven + self.constant_daily, 0.0)
        grid = self.region.grid
        return Forecast(self.bundle, grid, period, self.known_at, daily * period.days, self.model, self.parameters)


class SummingModel(Protocol):
    """A model with nothing to learn: its sum follows from what was known."""

    def sum(self, history: Events, bundle: Bundle, region: Region) -> AdditiveSum:
        """Return the expected counts as a sum over past events; ``history`` holds all crime types."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FittedSum:
    """A summing model standing on one history: forecast and explanation are those of its sum."""

    model: SummingModel
    bundle: Bundle
    region: Region
    history: Events

    def __post_init__(self) -> None:
        """Refuse events and a region in different coordinates."""
        check_ground(self.history, self.region)

    def conditioned_on(self, history: Events) -> Self:
        """Return the same model standing on another history."""
        return replace(self, history=history)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        return self.model.sum(self.history, self.bundle, self.region).forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event; see ``FittedModel``."""
        return self.model.sum(self.history, self.bundle, self.region).influence(period, squares)


def check_ground(history: Events, region: Region) -> None:
    """Raise ``ForecastError`` when the events and the region are in different coordinates."""
    if history.crs != region.grid.crs:
        raise ForecastError(f"history is in {history.crs}, the region in {region.grid.crs}; project one of them.")
