"""Kernel density: every crime of the window spread by a Gaussian; the field's standard hotspot map, as a forecast.

Three ways to choose the reach: fixed, by cross-validation, or each event its own by its k nearest
neighbours. A half-life lets old events fade.
"""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import AdditiveSum, Part, check_ground
from peelian.models.decayed_counts import decay, decay_span
from peelian.models.kernels import CellKernel
from peelian.models.windows import Window
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


@dataclass(frozen=True, slots=True)
class Fixed:
    """One bandwidth for all events."""

    bandwidth_m: float = 300.0


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """The one bandwidth of ``candidates_m`` under which each event is most likely given the others.

    Maximises ``sum_i log lambda_(-i)(x_i)`` (Duin 1976, doi 10.1109/TC.1976.1674577) on the grid.
    """

    candidates_m: tuple[float, ...] = (100.0, 150.0, 200.0, 300.0, 400.0, 600.0, 800.0, 1200.0)


@dataclass(frozen=True, slots=True)
class Nearest:
    """Each event's bandwidth is the distance to its k-th nearest event (Breiman, Meisel & Purcell 1977).

    doi 10.1080/00401706.1977.10489521. Distances are rounded to ``steps_m`` (the nearest by ratio), so
    that a handful of kernels serves all events.
    """

    k: int = 15
    steps_m: tuple[float, ...] = (60.0, 90.0, 130.0, 190.0, 280.0, 400.0, 600.0, 900.0)


@dataclass(frozen=True, slots=True)
class KernelDensity:
    """Expected events a day: ``(1 - f) sum_j 2^(-age_j / h) K_s(cell, cell_j) / span + f * even ground``.

    ``K_s`` is a Gaussian that keeps counts within the region (Silverman 1986, doi
    10.1201/9781315140919; Diggle 1985, doi 10.2307/2347366, for the edges); ``f`` is ``floor_share``, so
    that no cell is impossible.
    """

    reach: Fixed | CrossValidated | Nearest = Fixed()
    window: Window = Window(365)
    half_life_days: float = float("inf")
    floor_share: float = 0.02
    name: str = "kde"

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedKernelDensity":
        """Return the density with its bandwidth chosen from the window's events."""
        check_ground(history, region)
        own = bundle.select(history)
        bandwidth_m = 0.0
        if isinstance(self.reach, CrossValidated):
            bandwidth_m = cross_validated_bandwidth(own, _window_weights(self, history, bundle), region, self.reach)
        elif isinstance(self.reach, Fixed):
            bandwidth_m = self.reach.bandwidth_m
        reaches = self.reach.steps_m if isinstance(self.reach, Nearest) else (bandwidth_m,)
        kernels = tuple(CellKernel(region, reach) for reach in reaches)
        on_record = self.window.days_on_record(history)
        weights = _window_weights(self, history, bundle)
        return FittedKernelDensity(self, bundle, region, own, weights, bandwidth_m, on_record, kernels)


@dataclass(frozen=True, slots=True, eq=False)
class FittedKernelDensity:
    """A density standing on one history; ``bandwidth_m`` is 0 where each event has its own."""

    model: KernelDensity
    bundle: Bundle
    region: Region
    history: Events
    weights: NDArray[np.float64]  # of the history's events within the window, (n_events,)
    bandwidth_m: float
    days_on_record: float
    kernels: tuple[CellKernel, ...] = field(repr=False)

    def conditioned_on(self, history: Events) -> Self:
        """Return the same bandwidth on another history."""
        on_record = self.model.window.days_on_record(history)
        weights = _window_weights(self.model, history, self.bundle)
        return replace(self, history=self.bundle.select(history), weights=weights, days_on_record=on_record)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        return self._sum().forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event; see ``FittedModel``."""
        return self._sum().influence(period, squares)

    def _sum(self) -> AdditiveSum:
        model = self.model
        daily = self.weights / decay_span(model.half_life_days, self.days_on_record)
        floor = model.floor_share * float(daily.sum()) / self.region.n_inside
        kept = (1 - model.floor_share) * daily
        if isinstance(model.reach, Nearest):
            bandwidth = nearest_bandwidths(self.history, daily > 0, model.reach)
            parts = tuple(Part(b, np.where(bandwidth == b, kept, 0.0)) for b in np.unique(bandwidth[daily > 0]))
        else:
            parts = (Part(self.bandwidth_m, kept),)
        parameters: dict[str, Parameter] = {
            "bandwidth_m": self.bandwidth_m,
            "reach": type(model.reach).__name__,
            "window_days": model.window.days,
            "half_life_days": model.half_life_days,
            "floor_share": model.floor_share,
            "anchor": model.window.anchor.value,
        }
        return AdditiveSum(model.name, self.bundle, self.region, self.history, parts, floor, parameters, self.kernels)


def cross_validated_bandwidth(
    events: Events, weights: NDArray[np.float64], region: Region, reach: CrossValidated
) -> float:
    """Return the candidate under which the events are most likely, each left out of its own density.

    Equal scores go to the wider; fewer than two events, too. Weights (n_events,) count events.
    """
    cell = events.cells(region.grid)
    used = (cell >= 0) & (weights > 0)
    used[used] = region.is_inside[cell[used]]
    candidates = sorted(reach.candidates_m, reverse=True)
    if used.sum() < 2:  # noqa: PLR2004 - one event has no others
        return candidates[0]
    cells, weight = cell[used], weights[used]
    counts = np.bincount(cells, weight, minlength=region.grid.n_cells).astype(np.float64)
    scores = []
    for bandwidth in candidates:
        kernel = CellKernel(region, bandwidth)
        itself = weight * kernel.taps[0] ** 2 / kernel.kept[cells]
        others = np.maximum(kernel.spread(counts)[cells] - itself, 0.0)
        # A little even ground, as in the forecast: an event alone must not rule a bandwidth out by itself.
        ground = 0.02 * (counts.sum() - weight) / region.n_inside
        scores.append(float(weight @ np.log(0.98 * others + ground)))
    return candidates[int(np.argmax(scores))]


def nearest_bandwidths(events: Events, acting: NDArray[np.bool_], reach: Nearest) -> NDArray[np.float64]:
    """Return each event's bandwidth among ``reach.steps_m`` by its k-th nearest acting event; (n_events,).

    With fewer than k others the farthest of them decides; an event alone takes the widest step.

    Raises
    ------
    ForecastError
        When ``k`` is below one.
    """
    if reach.k < 1:
        raise ForecastError(f"k = {reach.k}: the nearest neighbours number at least one.")
    steps = np.sort(np.asarray(reach.steps_m, dtype=np.float64))
    points = np.column_stack([events.x[acting], events.y[acting]])
    bandwidth = np.full(acting.size, steps[-1])
    if len(points) > 1:
        k = min(reach.k, len(points) - 1)
        # Many crimes share an address: each place asks once.
        places, of_event = np.unique(points[:, 0] + 1j * points[:, 1], return_inverse=True)
        tree = cKDTree(points, balanced_tree=False, compact_nodes=False)
        asked = np.column_stack([places.real, places.imag])
        distance = np.ravel(tree.query(asked, k=[k + 1])[0])[of_event]
        middles = np.sqrt(steps[1:] * steps[:-1])
        bandwidth[acting] = steps[np.searchsorted(middles, distance)]
    return bandwidth


def _window_weights(model: KernelDensity, history: Events, bundle: Bundle) -> NDArray[np.float64]:
    """Weight of each of the bundle's events: its share of the window times its decay.

    The window ends where the whole record does, not where this crime type last came.
    """
    own = bundle.select(history)
    share = own.overlap(model.window.period(history)) * bundle.weights_of(own)
    if np.isinf(model.half_life_days):
        return share
    return share * decay(own.age_days(model.window.end(history)), model.half_life_days)
