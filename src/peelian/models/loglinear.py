"""Log-linear rates: what was there, near and far, long ago and lately, and what the place is like, multiplied.

The statistician's plain alternative to the mixture: factors in place of terms, and the one model that takes covariate
layers. Its explanation is an approximation and says so.
"""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array

from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import check_ground
from peelian.models.kernels import CellKernel
from peelian.models.poisson_regression import poisson_coefficients
from peelian.models.record import Record, most_frequent_types, read_record
from peelian.models.windows import Anchor
from peelian.places.covariates import Covariates
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares

ENDLESS = float("inf")
#: A trace is held up by this share of its mean, so that no past is not minus infinity.
FLOOR_SHARE = 0.1
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Trace:
    """What past events leave: spread by a Gaussian, fading by half in ``half_life_days``; own types or all others."""

    bandwidth_m: float
    half_life_days: float
    of_others: bool = False


TRACES = (
    Trace(0.0, 30.0),
    Trace(0.0, ENDLESS),
    Trace(250.0, 30.0),
    Trace(250.0, ENDLESS),
    Trace(1000.0, ENDLESS),
    Trace(0.0, 180.0, of_others=True),
    Trace(250.0, 180.0, of_others=True),
)


@dataclass(frozen=True, slots=True, eq=False)
class LogLinear:
    """Expected events a day in a cell: ``exp(b_0 + sum_k b_k z(log(r_k + e_k)) + sum_m b_m z(x_m))``.

    ``r_k`` is trace ``k``'s rate in the cell, ``e_k`` a tenth of its mean, ``x_m`` covariate layers and ``z`` scales
    each to mean 0 and variance 1 over the training rows. Coefficients are those of a ridge Poisson regression
    (``poisson_regression``) of what fell in each cell in stretches of ``every_steps`` steps over the last
    ``training_steps``, each told from what was there before it. A record too young to learn from gives even ground.
    Where there are more than ``most_rows`` cells and stretches, of those where nothing fell every n-th stands for n.
    """

    traces: tuple[Trace, ...] = TRACES
    covariates: Covariates | None = None
    ridge: float = 10.0
    training_steps: int = 364
    every_steps: int = 14
    burn_in_steps: int = 60
    most_rows: int = 300_000
    step_days: float = 1.0
    anchor: Anchor = Anchor.CUTOFF
    name: str = "log-linear"

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedLogLinear":
        """Return the regression learned from the days before ``history.known_at``."""
        check_ground(history, region)
        others = most_frequent_types(history, bundle, 1_000, 1)
        layers = (self.covariates or Covariates.of(region.grid, {})).on(region.grid)
        kernels = {t.bandwidth_m: CellKernel(region, t.bandwidth_m) for t in self.traces}
        plain = FittedLogLinear(self, bundle, region, history, others, layers, kernels, _Learned.nothing())
        return replace(plain, learned=_learn(plain))


@dataclass(frozen=True, slots=True, eq=False)
class _Learned:
    """Intercept per step, coefficients on the scaled features, their scaling, and the traces' floors."""

    intercept: float
    slopes: NDArray[np.float64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    floor: NDArray[np.float64]
    training_events: float

    @classmethod
    def nothing(cls) -> "_Learned":
        none = np.empty(0)
        return cls(0.0, none, none, none, none, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class FittedLogLinear:
    """Learned coefficients standing on one history."""

    model: LogLinear
    bundle: Bundle
    region: Region
    history: Events
    others: tuple[str, ...]
    layers: Covariates
    kernels: dict[float, CellKernel] = field(repr=False)
    learned: _Learned

    def conditioned_on(self, history: Events) -> Self:
        """Return the same coefficients on another history."""
        check_ground(history, self.region)
        return replace(self, history=history)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        record = self.record()
        daily = self._daily(record, self.rates(record, 0))
        told: dict[str, Parameter] = {
            "ridge": self.model.ridge,
            "training_events": self.learned.training_events,
            **{f"coefficient of {n}": round(float(b), 6) for n, b in zip(self.names, self.learned.slopes, strict=True)},
        }
        cutoff = self.history.known_at
        expected = daily * period.days
        return Forecast(self.bundle, self.region.grid, period, cutoff, expected, self.model.name, told)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return each event's share to first order, an approximation; the constant makes up the forecast.

        An event's share of a cell is the cell's expected count times ``sum_k max(b_k, 0) (its part of r_k) /
        (r_k + e_k)``: what the count would lose, to first order, without it. Where the shares of all events come to
        more than the whole they are scaled to it; coefficients below zero take nothing away.
        """
        record, grid = self.record(), self.region.grid
        rates = self.rates(record, 0)
        expected = self._daily(record, rates) * period.days
        held = CellKernel(self.region, 0.0).weights(squares, np.arange(grid.n_cells))
        cells = np.unique(held.tocoo().coords[1]).astype(np.int64)
        total = csr_array((cells.size, len(self.history)))
        steep = np.maximum(self.learned.slopes / self.learned.spread, 0.0)
        for k, trace in enumerate(self.model.traces):
            rows, sent = self._sent(record, 0, trace)
            sources, index = np.unique(record.cell[rows], return_inverse=True)
            events = coo_array((sent, (index, record.index[rows])), shape=(sources.size, len(self.history)))
            near = self.kernels[trace.bandwidth_m].weights(grid.squares(cells), sources) @ csr_array(events)
            factor = expected[cells] * steep[k] / (rates[k][cells] + self.learned.floor[k])
            total = total + diags_array(factor) @ near
        shares: NDArray[np.float64] = np.asarray(total.sum(axis=1), dtype=np.float64).ravel()
        scale = np.minimum(1.0, expected[cells] / np.maximum(shares, _LEAST))
        of_square = csr_array(held[:, cells])
        matrix = csr_array(of_square @ (diags_array(scale) @ total))
        constant = np.maximum(of_square @ expected[cells] - np.asarray(matrix.sum(axis=1)).ravel(), 0.0)
        return Influence(squares, self.history, matrix, constant, is_exact=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names, traces first."""
        traces = (
            f"{'other' if t.of_others else 'own'} crime, {t.bandwidth_m:g} m, {t.half_life_days:g} d"
            for t in self.model.traces
        )
        return (*traces, *self.layers.names)

    def record(self) -> Record:
        """Return the history in cells and steps."""
        model = self.model
        return read_record(self.history, self.bundle, self.region, model.anchor, model.step_days, self.others)

    def rates(self, record: Record, since: int) -> list[NDArray[np.float64]]:
        """Return each trace's rate per step in every cell, from events of age ``since`` and older; (n_cells,) each."""
        return self.rates_at(record, np.array([since], dtype=np.int64))[0]

    def rates_at(self, record: Record, starts: NDArray[np.int64]) -> list[list[NDArray[np.float64]]]:
        """Return ``rates`` from each of these ages on, which rise; one pass over the record serves them all.

        What is felt from one start on is what is felt from the next, faded, and what fell in between.
        """
        stretch = np.searchsorted(starts, record.age, side="right") - 1
        rows = {
            of_others: np.flatnonzero((stretch >= 0) & ((record.kind > 0) == of_others)) for of_others in (False, True)
        }
        # Traces that differ only in their reach are felt alike: they are spread from one surface.
        felt = {
            (half_life_days, of_others): self._felt(record, rows[of_others], stretch, starts, half_life_days)
            for half_life_days, of_others in dict.fromkeys((t.half_life_days, t.of_others) for t in self.model.traces)
        }
        return [
            [self.kernels[t.bandwidth_m].spread(felt[t.half_life_days, t.of_others][number]) for t in self.model.traces]
            for number in range(starts.size)
        ]

    def _felt(
        self,
        record: Record,
        rows: NDArray[np.int64],
        stretch: NDArray[np.int64],
        starts: NDArray[np.int64],
        half_life_days: float,
    ) -> NDArray[np.float64]:
        """Return the rate per step that each cell sends out from each start on; (n_starts, n_cells).

        ``stretch`` is the last start that each event of the record is seen from.
        """
        n_cells, half_life = self.region.grid.n_cells, half_life_days / self.model.step_days
        fade = 2.0 ** (-np.arange(1, max(record.steps, 1) + 1) / half_life)
        sent = record.weight[rows] * fade[record.age[rows] - starts[stretch[rows]]]
        place = stretch[rows] * n_cells + record.cell[rows]
        fell = np.bincount(place, sent, minlength=starts.size * n_cells).astype(np.float64)
        fell = fell.reshape(starts.size, n_cells)
        for number in range(starts.size - 2, -1, -1):
            fell[number] += fell[number + 1] * 2.0 ** (-float(starts[number + 1] - starts[number]) / half_life)
        span = np.cumsum(fade)[np.maximum(record.steps - starts, 1) - 1]
        return np.asarray(fell / span[:, None])

    def features(self, rates: list[NDArray[np.float64]], floor: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the unscaled features of the cells inside, (n_inside, n_features)."""
        inside = self.region.is_inside
        logs = [np.log(r[inside] + e) for r, e in zip(rates, floor, strict=True)]
        return np.column_stack([*logs, self.layers.values[inside]])

    def _sent(self, record: Record, since: int, trace: Trace) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Rows of the record that a trace stands on, and the rate per step that each sends out."""
        half_life = trace.half_life_days / self.model.step_days
        rows = np.flatnonzero((record.age >= since) & ((record.kind > 0) == trace.of_others))
        span = (2.0 ** (-np.arange(1, max(record.steps - since, 1) + 1) / half_life)).sum()
        return rows, record.weight[rows] * 2.0 ** (-(record.age[rows] - since + 1) / half_life) / span

    def _daily(self, record: Record, rates: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Expected events a day in every cell; nothing where no own event is known."""
        daily = np.zeros(self.region.grid.n_cells)
        if (record.kind == 0).any():
            scaled = (self.features(rates, self.learned.floor) - self.learned.mean) / self.learned.spread
            daily[self.region.is_inside] = np.exp(self.learned.intercept + scaled @ self.learned.slopes)
        return daily / self.model.step_days


def _learn(plain: FittedLogLinear) -> _Learned:
    """Coefficients from stretches of the past, each told from what was there before it."""
    model, region, record = plain.model, plain.region, plain.record()
    own = record.kind == 0
    n = len(plain.names)
    every = model.every_steps
    longest = record.steps - min(model.burn_in_steps, record.steps // 2)
    starts = np.arange(min(model.training_steps, longest) // every) * every
    seen = plain.rates_at(record, starts + every)
    means = np.array([[r[region.is_inside].mean() for r in rates] for rates in seen])
    floor = np.maximum(FLOOR_SHARE * means.mean(axis=0), _LEAST) if starts.size else np.full(len(model.traces), _LEAST)
    taught = own & (record.age < starts.size * every)
    if not taught.any():
        level = max(float(record.weight[own].sum()) / max(record.steps, 1) / region.n_inside, _LEAST)
        return _Learned(float(np.log(level)), np.zeros(n), np.zeros(n), np.ones(n), floor, 0.0)
    rows, counts, times = [], [], []
    stride = max(1, -(-starts.size * region.n_inside // model.most_rows))
    for number, start in enumerate(starts):
        fell = taught & (record.age >= start) & (record.age < start + every)
        count = np.bincount(record.cell[fell], record.weight[fell], minlength=region.grid.n_cells)[region.is_inside]
        thinned = np.arange(count.size) % stride == number % stride
        kept = thinned | (count > 0)
        rows.append(plain.features(seen[number], floor)[kept])
        counts.append(count[kept])
        times.append(np.where(count[kept] > 0, 1.0, float(stride)))
    x, y, t = np.concatenate(rows), np.concatenate(counts), np.concatenate(times)
    mean = (t @ x) / t.sum()
    spread = np.sqrt((t @ (x - mean) ** 2) / t.sum())
    spread = np.where(spread > _LEAST, spread, 1.0)
    b = poisson_coefficients((x - mean) / spread, y, t, model.ridge)
    # A row counts a stretch of many steps, the intercept is for one.
    return _Learned(float(b[0] - np.log(every)), b[1:], mean, spread, floor, float(y.sum()))
