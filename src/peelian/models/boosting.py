"""Gradient boosting: Poisson trees on lags, kernels, neighbours, calendar and other crime types.

The learner that a data scientist would reach for. It needs the extra package LightGBM
(``pip install peelian[boosting]``), which is imported when it is first used.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import AdditiveSum, Part, check_ground
from peelian.models.kernels import CellKernel
from peelian.models.record import Record, most_frequent_types, read_record
from peelian.models.surfaces import SurfacePlan
from peelian.models.windows import Anchor
from peelian.places.covariates import Covariates
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares

#: Expected counts stay above this, so that no cell is impossible.
LEAST = 1e-7


@dataclass(frozen=True, slots=True)
class Boosting:
    """Expected count of a cell and day: the exponential of a sum of regression trees.

    Friedman 2001 (doi 10.1214/aos/1013203451), by LightGBM (Ke et al. 2017) with Poisson loss. Inputs of
    a cell: decayed counts of the own type at ``half_lives_days`` and of the most frequent other types at
    ``other_half_life_days``, each in the cell itself and spread by ``bandwidths_m``; the all-time
    count; ``covariates``, where layers of places are given; weekday and day of the year. Rows are every
    cell on every ``stride``-th of the last ``training_days``, thinned evenly to ``most_rows`` (rows with
    events are all kept, the rest weighed up). Few leaves, many rows a leaf and a slow rate: crime at a cell is
    mostly noise, and trees of the library's default size fit it (on St. Louis they score below even ground).
    """

    half_lives_days: tuple[float, ...] = (3.0, 7.0, 21.0, 60.0, 180.0, 720.0)
    other_half_life_days: float = 60.0
    bandwidths_m: tuple[float, ...] = (250.0, 750.0)
    most_others: int = 6
    training_days: int = 365
    stride: int = 4
    burn_in_days: int = 60
    most_rows: int = 400_000
    leaves: int = 8
    trees: int = 120
    learning_rate: float = 0.05
    rows_per_leaf: int = 600
    seed: int = 1
    covariates: Covariates | None = None
    anchor: Anchor = Anchor.CUTOFF
    name: str = "boosting"

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedBoosting":
        """Return the trees learned from the days before the cutoff; a flat rate where there are too few rows.

        Raises
        ------
        ForecastError
            When LightGBM is not installed, or fails.
        """
        check_ground(history, region)
        others = most_frequent_types(history, bundle, self.most_others, 50)
        record = read_record(history, bundle, region, self.anchor, 1.0, others)
        kernels = tuple(CellKernel(region, bandwidth) for bandwidth in self.bandwidths_m)
        plan = SurfacePlan(region, self.half_lives_days, self.other_half_life_days, kernels)
        layers = (self.covariates or Covariates.of(region.grid, {})).on(region.grid)
        trees = _grow(self, record, plan, layers.values[region.is_inside], history.known_at)
        return FittedBoosting(self, bundle, region, history, others, plan, layers, trees)


@dataclass(frozen=True, slots=True, eq=False)
class FittedBoosting:
    """Trees standing on one history; ``trees`` is LightGBM's own text, empty where nothing could be learned."""

    model: Boosting
    bundle: Bundle
    region: Region
    history: Events
    others: tuple[str, ...]
    plan: SurfacePlan = field(repr=False)
    layers: Covariates = field(repr=False)
    trees: str = field(repr=False)

    def conditioned_on(self, history: Events) -> Self:
        """Return the same trees looking at another history."""
        check_ground(history, self.region)
        return replace(self, history=history)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``. Days of a longer period are each forecast from today's maps."""
        inside = np.flatnonzero(self.region.is_inside)
        expected = np.zeros(self.region.grid.n_cells)
        expected[inside] = self._inside(period)
        parameters: dict[str, Parameter] = {
            "trees": self.model.trees if self.trees else 0,
            "leaves": self.model.leaves,
            "learning_rate": self.model.learning_rate,
            "other_types": ", ".join(self.others),
            "layers": ", ".join(self.layers.names),
            "seed": self.model.seed,
        }
        return Forecast(
            self.bundle, self.region.grid, period, self.history.known_at, expected, self.model.name, parameters
        )

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return an approximation: trees are no sum over events, so near and recent events share by a kernel.

        Each square's expected count is the trees' own; its parts are in proportion to a Gaussian of the
        first bandwidth and a half-life of 60 days. Labelled as not exact.
        """
        record = self._record()
        daily = np.zeros(len(self.history))
        own = record.kind == 0
        daily[record.index[own]] = 2.0 ** (-(record.age[own] + 1.0) / 60.0) * record.weight[own]
        reach = self.plan.kernels[0].bandwidth_m if self.plan.kernels else 0.0
        shares = AdditiveSum(
            self.model.name, self.bundle, self.region, self.history, (Part(reach, daily),), 0.0, {}
        ).influence(period, squares)
        inside = np.flatnonzero(self.region.is_inside)
        held = CellKernel(self.region, 0.0).weights(squares, inside)
        expected = np.asarray(held @ self._inside(period))
        total = shares.expected
        scale = np.where(total > 0, expected / np.where(total > 0, total, 1.0), 0.0)
        matrix = csr_array(diags_array(scale) @ shares.matrix)
        return Influence(squares, self.history, matrix, np.where(total > 0, 0.0, expected), is_exact=False)

    def _inside(self, period: Period) -> NDArray[np.float64]:
        record = self._record()
        if not self.trees:
            rate = float(record.weight[record.kind == 0].sum()) / max(record.steps, 1)
            return np.full(self.region.n_inside, rate / self.region.n_inside * period.days)
        maps = np.column_stack([self.plan.surfaces_at(record, -1), self.layers.values[self.region.is_inside]])
        booster = _lightgbm().Booster(model_str=self.trees)
        whole = max(round(period.days), 1)
        total = np.zeros(self.region.n_inside)
        for day in range(whole):
            middle = period.start + timedelta(days=day) + min(period.duration, timedelta(days=1)) / 2
            rows = np.column_stack([maps, np.tile(calendar(middle), (len(maps), 1))])
            total += np.maximum(np.asarray(booster.predict(rows, num_threads=1), dtype=np.float64), LEAST)
        return total * (period.days / whole)

    def _record(self) -> Record:
        return read_record(self.history, self.bundle, self.region, self.model.anchor, 1.0, self.others)


def calendar(instant: datetime) -> NDArray[np.float64]:
    """Return weekday (Monday 0, by UTC at the middle of the day) and the year's circle as cosine and sine; (3,)."""
    turn = 2 * np.pi * instant.timetuple().tm_yday / 365.25
    return np.array([float(instant.weekday()), np.cos(turn), np.sin(turn)])


def _grow(model: Boosting, record: Record, plan: SurfacePlan, layers: NDArray[np.float64], cutoff: datetime) -> str:
    """LightGBM's text of the trees; empty when there is no training day or no event on one."""
    days = min(model.training_days, record.steps - min(model.burn_in_days, record.steps // 2))
    own = record.kind == 0
    if days < 1 or not (own & (record.age < days)).any():
        return ""
    sampled = np.arange(0, days, model.stride)
    share = min(1.0, model.most_rows / max(sampled.size * plan.region.n_inside, 1))
    came = _counts(record, plan.region, sampled)
    rng = np.random.default_rng(model.seed)
    kept = [(count > 0) | (rng.random(count.size) < share) for count in came]
    y = np.concatenate([count[some] for count, some in zip(came, kept, strict=True)])
    weight = np.where(y > 0, 1.0, 1.0 / share)
    if y.sum() <= 0:
        return ""
    settings = {
        "objective": "poisson",
        "num_leaves": model.leaves,
        "learning_rate": model.learning_rate,
        "min_data_in_leaf": min(model.rows_per_leaf, max(y.size // 50, 1)),
        "lambda_l2": 10.0,
        "feature_fraction": 0.5,
        "max_bin": 127,
        "seed": model.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    lightgbm = _lightgbm()
    try:
        rows = _rows(record, plan, layers, cutoff, list(zip(sampled.tolist(), kept, strict=True)))
        table = lightgbm.Dataset(rows, y, weight=weight, params=settings).construct()
        # The trees are grown from the bins: the rows go first, or every worker would hold both.
        del rows
        booster = lightgbm.train(settings, table, num_boost_round=model.trees)
    except lightgbm.basic.LightGBMError as error:
        raise ForecastError(f"boosting: LightGBM failed on {y.size:,} rows with {y.sum():g} events: {error}") from error
    return str(booster.model_to_string())


def _counts(record: Record, region: Region, ages: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """What the own events of each age weigh in each cell inside; (n_inside,) each."""
    own = record.kind == 0
    place = np.cumsum(region.is_inside) - 1
    counts = []
    for age in ages:
        today = own & (record.age == age)
        count = np.bincount(place[record.cell[today]], record.weight[today], minlength=region.n_inside)
        counts.append(count.astype(np.float64))
    return counts


def _rows(
    record: Record,
    plan: SurfacePlan,
    layers: NDArray[np.float64],
    cutoff: datetime,
    kept: list[tuple[int, NDArray[np.bool_]]],
) -> NDArray[np.float32]:
    """The inputs of the cells kept at each age, one under another in one table: it is the most that learning holds."""
    bounds = np.cumsum([0, *(np.count_nonzero(some) for _, some in kept)])
    n_columns = plan.n_surfaces(len(record.others)) + layers.shape[1] + calendar(cutoff).size
    rows = np.empty((int(bounds[-1]), n_columns), dtype=np.float32)
    for (age, some), first, last in zip(kept, bounds, bounds[1:], strict=False):
        date = calendar(cutoff - timedelta(days=float(age) + 0.5))
        rows[first:last] = np.column_stack(
            [plan.surfaces_at(record, age)[some], layers[some], np.tile(date, (last - first, 1))]
        )
    return rows


def _lightgbm() -> Any:  # noqa: ANN401 - the package publishes no types
    try:
        import lightgbm
    except ImportError as error:
        raise ForecastError("the boosting model needs LightGBM: pip install 'peelian[boosting]'.") from error
    return lightgbm
