"""The self-exciting model: crime has a background, and every crime may trigger others near it soon after.

The "near repeat" of burglary as a point process. Fitted by expectation-maximisation on day-by-day
gridded statistics: memory grows with the events and the reach, never with pairs of events.
"""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.forecast import Forecast, Parameter
from peelian.forecasts.influence import Influence
from peelian.models.additive import AdditiveSum, Part, Surface, check_ground
from peelian.models.kernels import CellKernel
from peelian.models.ladder import KernelLadder, mean_fade, plain, steps_ahead
from peelian.models.lookback import look_back
from peelian.models.mixing import GammaPrior, Patience, poisson_weights
from peelian.models.record import Record, read_record
from peelian.models.windows import Anchor
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares


@dataclass(frozen=True, slots=True)
class Hawkes:
    """Expected count: ``mu(cell) + sum_j sum_k theta_k K_s(cell, cell_j) g_h(age_j)``.

    ``mu`` is the background, constant in time; ``theta_k`` is how many events one event triggers through
    kernel k, a Gaussian of ``trigger_bandwidths_m`` times an exponential of ``trigger_half_lives_days``,
    each of which sends out one event in all. The shape of the triggering is thus learned, not assumed
    (Marsan & Lengline 2008, doi 10.1126/science.1148783); background and triggering are told apart by
    stochastic declustering (Zhuang, Ogata & Vere-Jones 2002, doi 10.1198/016214502760046925), as Mohler et al.
    2011 (doi 10.1198/jasa.2011.ap09546) do for burglary. Where we differ: time goes in whole days, so an
    event triggers from the next day on, and the background is a mixture of smoothings at the bandwidths
    ``background_m``, weighed by the same likelihood, each event left out of its own.
    """

    trigger_bandwidths_m: tuple[float, ...] = (0.0, 120.0, 250.0, 500.0)
    trigger_half_lives_days: tuple[float, ...] = (1.5, 4.0, 10.0, 30.0)
    background_m: tuple[float, ...] = (150.0, 300.0, 600.0, 1200.0)
    longest_days: int = 730
    rounds: int = 3
    floor_share: float = 0.02
    anchor: Anchor = Anchor.CUTOFF
    step_days: float = 1.0
    name: str = "hawkes"

    def __post_init__(self) -> None:
        """Refuse kernels that are none."""
        if not (min(self.background_m) > 0 and self.rounds >= 1 and min(self.trigger_half_lives_days) > 0):
            raise ForecastError(
                f"hawkes: background_m = {self.background_m}, rounds = {self.rounds}, half-lives "
                f"{self.trigger_half_lives_days}; all are positive."
            )

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedHawkes":
        """Return background and triggering learned from the last ``longest_days`` of the record."""
        check_ground(history, region)
        record = read_record(history, bundle, region, self.anchor, self.step_days, ())
        ladder = KernelLadder(
            plain(*self.trigger_bandwidths_m),
            tuple(h / self.step_days for h in self.trigger_half_lives_days),
            (),
            (1.0,),
            (),
            per_event=True,
        )
        kernels = tuple(CellKernel(region, b) for b in sorted({*self.trigger_bandwidths_m, *self.background_m}))
        backgrounds = tuple(k for b in self.background_m for k in kernels if k.bandwidth_m == b)
        learned = _learn(self, record, region, ladder, backgrounds)
        return FittedHawkes(self, bundle, region, history, ladder, learned, kernels)


@dataclass(frozen=True, slots=True, eq=False)
class Excitation:
    """What was learned. ``theta`` (bandwidth, half-life) is events triggered per event through each kernel.

    ``background_share`` (n_cells,) is the share of a cell's events that nothing triggered (the mean
    share where a cell had none), ``background_weight`` (n_background,) and ``even`` (events per step over the region)
    what each smoothing and even ground make of the background.
    """

    theta: NDArray[np.float64]
    background_share: NDArray[np.float64]
    background_weight: NDArray[np.float64]
    even: float

    @property
    def branching_ratio(self) -> float:
        """Events that one event triggers directly: the triggered share of a steady record."""
        return float(self.theta.sum())


@dataclass(frozen=True, slots=True, eq=False)
class FittedHawkes:
    """Background and triggering standing on one history."""

    model: Hawkes
    bundle: Bundle
    region: Region
    history: Events
    ladder: KernelLadder
    learned: Excitation
    kernels: tuple[CellKernel, ...] = field(repr=False)

    def conditioned_on(self, history: Events) -> Self:
        """Return the same background shares and triggering on another history."""
        check_ground(history, self.region)
        return replace(self, history=history)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``. Events triggered within the period trigger none in turn."""
        model, learned, n_cells = self.model, self.learned, self.region.grid.n_cells
        record = self._record()
        age = np.arange(1, max(record.steps, 1) + 1)
        driven = np.zeros(n_cells)
        kernels = {kernel.bandwidth_m: kernel for kernel in self.kernels}
        half_lives = self.ladder.half_lives
        felt = [
            np.bincount(record.cell, (2.0 ** (-age / h))[record.age] * record.weight, minlength=n_cells)
            for h in half_lives
        ]
        triggered = (learned.theta * self._rates(record.steps, period)) @ np.stack(felt)
        for bandwidth_m, source in zip(model.trigger_bandwidths_m, triggered, strict=True):
            driven += kernels[bandwidth_m].spread(source)
        counts = np.bincount(record.cell, record.weight, minlength=n_cells)
        quiet = counts * learned.background_share / max(record.steps, 1)
        for bandwidth_m, weight in zip(model.background_m, learned.background_weight, strict=True):
            driven += kernels[bandwidth_m].spread(weight * quiet)
        return Surface(
            model.name,
            self.bundle,
            self.region,
            self.history.known_at,
            driven / model.step_days,
            self._even_daily(record),
            self._parameters(),
        ).forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event, as background and as trigger; see ``FittedModel``."""
        return self._sum(period).influence(period, squares)

    def _sum(self, period: Period) -> AdditiveSum:
        model, learned = self.model, self.learned
        record = self._record()
        steps = max(record.steps, 1)
        age = np.arange(1, steps + 1)[:, None]
        fade = 2.0 ** (-age / np.asarray(self.ladder.half_lives)) * self._rates(record.steps, period)
        n_triggers = len(self.ladder.reaches)
        sends = np.zeros((n_triggers + len(model.background_m), len(self.history)))
        sends[:n_triggers, record.index] = (learned.theta @ fade.T)[:, record.age] * record.weight
        quiet = learned.background_share[record.cell] * record.weight / steps
        sends[n_triggers:, record.index] = np.outer(learned.background_weight, quiet)
        sends /= model.step_days
        reaches = (*model.trigger_bandwidths_m, *model.background_m)
        parts = tuple(Part(reach, daily) for reach, daily in zip(reaches, sends, strict=True))
        even, told = self._even_daily(record), self._parameters()
        return AdditiveSum(model.name, self.bundle, self.region, self.history, parts, even, told, self.kernels)

    def _record(self) -> Record:
        return read_record(self.history, self.bundle, self.region, self.model.anchor, self.model.step_days, ())

    def _rates(self, steps: int, period: Period) -> NDArray[np.float64]:
        """What a decayed count is multiplied by to be the mean rate per step of the period; (n_half_lives,)."""
        ahead = steps_ahead(period, self.history, self.model.step_days)
        half_lives = self.ladder.half_lives
        # One event triggers so many in all, however long the record: its span does not ask for the steps.
        return mean_fade(np.asarray(half_lives), *ahead) / self.ladder.span(half_lives, np.array([max(steps, 1)]))

    def _even_daily(self, record: Record) -> float:
        return self.learned.even / self.region.n_inside / self.model.step_days if record.cell.size else 0.0

    def _parameters(self) -> dict[str, Parameter]:
        return {
            "branching_ratio": round(self.learned.branching_ratio, 9),
            "background_weight": round(float(self.learned.background_weight.sum()), 9),
            "even_ground_per_step": round(self.learned.even, 9),
            "anchor": self.model.anchor.value,
        }


def _learn(
    model: Hawkes, record: Record, region: Region, ladder: KernelLadder, backgrounds: tuple[CellKernel, ...]
) -> Excitation:
    shape = (len(ladder.reaches), len(ladder.half_lives))
    n_cells = region.grid.n_cells
    days = min(record.steps, round(model.longest_days / model.step_days))
    if days < 1 or not record.cell.size:
        level = np.full(len(backgrounds), 1.0 / len(backgrounds))
        return Excitation(np.zeros(shape), np.ones(n_cells), level, 0.0)
    seen = look_back(record, region, ladder, np.arange(days))
    # Lookback hands the events out oldest first, equal days in the record's order: here in the same order.
    order = np.argsort(-record.age, kind="stable")
    order = order[record.age[order] < days]
    cell, weight = record.cell[order], record.weight[order]
    n = weight.size
    itself = [kernel.taps[0] ** 2 / kernel.kept[cell] for kernel in backgrounds]
    n_quiet = len(backgrounds) + 1
    triggers = seen.own.reshape(n, -1)
    exposure = np.concatenate([seen.own_exposure.ravel(), np.zeros(len(backgrounds)), [float(days)]])
    calm = np.full(n, 0.7)
    weights = np.zeros(exposure.size)
    for _ in range(model.rounds):
        mass = np.bincount(cell, weight * calm, minlength=n_cells).astype(np.float64)
        # An event is no evidence for a background at its own place: left out, as in cross-validation.
        grounds = [
            np.maximum(kernel.spread(mass)[cell] - weight * calm * own, 0.0) / days
            for kernel, own in zip(backgrounds, itself, strict=True)
        ]
        rates = np.column_stack([triggers, *grounds, np.full(n, 1.0 / region.n_inside)])
        exposure[-n_quiet:-1] = float((weight * calm).sum())
        weights = poisson_weights(rates, exposure, weight, _prior(exposure, n_quiet), Patience(200, 1e-6))
        made = rates * weights
        calm = made[:, -n_quiet:].sum(axis=1) / np.maximum(made.sum(axis=1), 1e-300)
    counts = np.bincount(cell, weight, minlength=n_cells)
    quiet = np.bincount(cell, weight * calm, minlength=n_cells)
    mean = float((weight * calm).sum() / weight.sum())
    # Ten events' worth of the mean: one event in a cell says little about its share.
    share = (quiet + 10.0 * mean) / (counts + 10.0)
    return Excitation(weights[:-n_quiet].reshape(shape), share, weights[-n_quiet:-1], float(weights[-1]))


def _prior(exposure: NDArray[np.float64], n_quiet: int) -> GammaPrior:
    """Two events' worth of "no triggering, background as it is, a little even ground"."""
    events = np.zeros(exposure.size)
    held = np.zeros(exposure.size)
    events[-n_quiet:-1], held[-n_quiet:-1] = 2.0 / (n_quiet - 1), 2.0
    events[-1], held[-1] = 0.04, 0.04 * exposure[-1] / max(0.02 * exposure[-2], 1e-12)
    return GammaPrior(events, held)
