"""ProMap: prospective mapping, each past crime weighted by how near and how recent it is."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import check_ground
from peelian.models.windows import Anchor, Window
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


@dataclass(frozen=True, slots=True)
class ProMap:
    """Expected counts in proportion to ``w = sum_i 1/(1 + d_i) * 1/(1 + t_i)``.

    ``t`` is whole elapsed weeks, ``d`` whole half-cell widths from the cell's centre; events beyond
    ``reach_m`` or ``weeks`` weigh nothing. Source: Bowers, Johnson & Pease 2004 (doi
    10.1093/bjc/azh036). The paper leaves ``d`` open; this is PredictCode's reading. The weights have
    no unit, so they are scaled to the recent rate: over the region they sum to the events of the
    last ``weeks`` per day times the period's days. Cells that no event reaches expect 0.
    """

    reach_m: float = 400.0
    weeks: int = 8
    anchor: Anchor = Anchor.CUTOFF
    name: str = "promap"

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedProMap":
        """Return the fixed weighting on this history.

        Raises
        ------
        ForecastError
            When the reach or the number of weeks is not positive, or the coordinates differ.
        """
        if not (self.reach_m > 0 and self.weeks > 0):
            raise ForecastError(f"promap: reach_m = {self.reach_m}, weeks = {self.weeks}; both are positive.")
        check_ground(history, region)
        return FittedProMap(self, bundle, region, history)


@dataclass(frozen=True, slots=True, eq=False)
class FittedProMap:
    """The weighting standing on one history, all crime types in it."""

    model: ProMap
    bundle: Bundle
    region: Region
    history: Events

    def conditioned_on(self, history: Events) -> Self:
        """Return the same weighting on another history."""
        return replace(self, history=history)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        inside = np.flatnonzero(self.region.is_inside)
        _, daily = self._daily()
        expected = np.zeros(self.region.grid.n_cells)
        expected[inside] = np.asarray(daily.sum(axis=1)).ravel() * period.days
        parameters: dict[str, Parameter] = {
            "reach_m": self.model.reach_m,
            "weeks": self.model.weeks,
            "anchor": self.model.anchor.value,
        }
        return Forecast(
            self.bundle, self.region.grid, period, self.history.known_at, expected, self.model.name, parameters
        )

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event in each square, a union of whole cells."""
        grid = self.region.grid
        inside = np.flatnonzero(self.region.is_inside)
        x, y = grid.centres(inside)
        mine = squares.own(np.arange(len(squares))[:, None], inside)
        held = coo_array((squares.contain(x, y) & mine).astype(np.float64))
        own, daily = self._daily()
        matrix = csr_array(held) @ daily * period.days
        return Influence(squares, own, csr_array(matrix), np.zeros(len(squares)))

    def _daily(self) -> tuple[Events, csr_array]:
        """The bundle's events, and expected events a day by (cell inside, event), scaled to the recent rate."""
        grid, model = self.region.grid, self.model
        # The weeks end where the record does, not where this crime type last came.
        end = Window(7 * model.weeks, model.anchor).end(self.history)
        history = self.bundle.select(self.history)
        age_days = history.age_days(end)
        recent = np.flatnonzero((age_days > 0) & (age_days <= 7 * model.weeks))
        inside = np.flatnonzero(self.region.is_inside)
        shape = (inside.size, len(history))
        if not recent.size:
            return history, csr_array(shape)
        x, y = grid.centres(inside)
        near = cKDTree(np.column_stack([x, y])).sparse_distance_matrix(
            cKDTree(np.column_stack([history.x[recent], history.y[recent]])), model.reach_m, output_type="coo_matrix"
        )
        weight = promap_weight(near.data, age_days[recent][near.col], grid.cell_size_m)
        weight = weight * self.bundle.weights_of(history)[recent][near.col]
        total = weight.sum()
        on_record = float((self.bundle.weights_of(history) * (age_days > 0) * (age_days <= 7 * model.weeks)).sum())
        rate = on_record / (7 * model.weeks)
        scaled = weight * (rate / total if total else 0.0)
        return history, csr_array(coo_array((scaled, (near.row, recent[near.col])), shape=shape))


def promap_weight(
    distance_m: NDArray[np.float64], age_days: NDArray[np.float64], cell_size_m: float
) -> NDArray[np.float64]:
    """Return ``1/(1 + d) * 1/(1 + t)`` with ``d`` whole half-cell widths and ``t`` whole weeks; shapes as given.

    The caller applies the cut-offs (400 m and 8 weeks).
    """
    half_cells = np.floor(distance_m / (cell_size_m / 2))
    weeks = np.floor(age_days / 7)
    return np.asarray(1 / (1 + half_cells) / (1 + weeks))
