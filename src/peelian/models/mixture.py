"""The learned mixture: many kernels over space and time, other crime types included, weighed by what came true.

Which past matters tomorrow: yesterday next door, last year at this very address, or robberies three
streets away? The mixture asks the record. Every kernel's forecast of every past day is held against the
crimes of that day, and the weights that make them most likely are kept. The result is still a sum over
past events, so that "why this box" stays exact.
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
from peelian.models.delays import arrived_by_step
from peelian.models.kernels import CellKernel
from peelian.models.ladder import KernelLadder, Reach, mean_fade, memory_span, steps_ahead
from peelian.models.memories import Memories, memories
from peelian.models.mixture_weights import Lessons, MixtureWeights, learn
from peelian.models.record import Record, most_frequent_types, read_record
from peelian.models.windows import Anchor
from peelian.places.periods import Period
from peelian.places.regions import Region
from peelian.places.squares import Squares

#: A memory that never fades: all history alike.
ENDLESS = float("inf")

#: Bandwidths below this share of a cell cannot be told from no spread at all.
LEAST_BANDWIDTH = 0.45


@dataclass(frozen=True, slots=True)
class KernelMixture:
    """Expected count of a cell: ``sum_k w_k sum_{events j} K_s(cell, cell_j) 2^(-age_j / h) / span_h + w_0 / n``.

    ``k`` runs over bandwidths ``s``, half-lives ``h``, classes of source cells and of source points by how many
    events they have had, and other crime types; ``span_h`` turns a decayed count into a rate; ``w_0`` is even
    ground. Points are told apart in cells of ``spot_cells_m`` and more: a smaller cell is hardly more than a point.
    The whole is held to the level of the last ``level_steps`` steps (``FittedKernelMixture._level``).
    Weights are non-negative and fitted by expectation-maximisation on the Poisson likelihood of the events of
    the training days, each forecast from earlier days only (``mixing.poisson_weights``).
    The idea is that of the self-exciting point process (Mohler et al. 2011, doi
    10.1198/jasa.2011.ap09546) with its kernels given on a ladder and only their weights free, as in
    mixture smoothers for crime (Flaxman et al. 2019, doi 10.1214/19-AOAS1284, learn theirs likewise).

    Training uses the last ``training_steps`` steps, more where they hold fewer than ``least_events``
    events, fewer where they hold more than ``most_events``; the first ``burn_in_steps`` of the record only feed
    the kernels. ``prior_events`` steady the weights of sparse series. ``step_days`` is the unit of age:
    1 for dated feeds, a month for feeds dated to the month.
    """

    bandwidths_m: tuple[float, ...] = (0.0, 60.0, 120.0, 240.0, 480.0, 960.0)
    half_lives_days: tuple[float, ...] = (7.0, 21.0, 60.0, 180.0, 720.0, ENDLESS)
    other_bandwidths_m: tuple[float, ...] = (0.0, 120.0, 480.0)
    other_half_lives_days: tuple[float, ...] = (21.0, 180.0, ENDLESS)
    spot_bandwidths_m: tuple[float, ...] = (0.0, 120.0)
    spot_cells_m: float = 100.0
    receptivity_power: float = 0.5
    class_edges: tuple[float, ...] = (1.5, 3.5, 9.5)
    most_others: int = 6
    least_other_events: int = 50
    training_steps: int = 365
    least_events: int = 1500
    most_events: int = 6000
    burn_in_steps: int = 60
    prior_events: float = 20.0
    level_steps: int = 28
    level_events: float = 100.0
    step_days: float = 1.0
    anchor: Anchor = Anchor.CUTOFF
    name: str = "mixture"

    def __post_init__(self) -> None:
        """Refuse a ladder without rungs, other types' kernels that the own type lacks, and times that are none."""
        strangers = {*self.other_bandwidths_m, *self.spot_bandwidths_m} - set(self.bandwidths_m)
        if strangers or not self.bandwidths_m or not self.half_lives_days:
            raise ForecastError(
                f"mixture: bandwidths {self.bandwidths_m}, for other types {self.other_bandwidths_m}, for points "
                f"{self.spot_bandwidths_m}, half-lives {self.half_lives_days}; give at least one of each, and other "
                "types and points only bandwidths of the own."
            )
        least = min(self.receptivity_power, self.level_steps, self.level_events)
        if min(*self.half_lives_days, *self.other_half_lives_days, self.step_days) <= 0 or least < 0:
            raise ForecastError(
                f"mixture: half-lives {self.half_lives_days} and {self.other_half_lives_days}, step_days "
                f"{self.step_days:g}, receptivity_power {self.receptivity_power:g}, level_steps {self.level_steps}, "
                f"level_events {self.level_events:g}; times are positive, nothing is negative."
            )

    def fit(self, history: Events, bundle: Bundle, region: Region) -> "FittedKernelMixture":
        """Return the mixture with its weights learned from the days before ``history.known_at``.

        A record too young to have training days keeps the prior's weights; one without events of the
        bundle expects nothing anywhere.
        """
        check_ground(history, region)
        others = most_frequent_types(history, bundle, self.most_others, self.least_other_events)
        ladder = self.ladder(region.grid.cell_size_m)
        record = read_record(history, bundle, region, self.anchor, self.step_days, others)
        receives = receptivity(history, bundle, region) ** self.receptivity_power
        kernels = tuple(
            CellKernel(region, reach.bandwidth_m, receives if reach.is_receptive else None) for reach in ladder.reaches
        )
        # A model made up for delays learns the same weights from the same record: the level is none of them.
        asked = ("mixture", replace(self, level_steps=0), bundle, region)
        weights = history.once(asked, lambda: learn(self._lessons, record, region, ladder, kernels))
        arrived = arrived_by_step(history, bundle, self.level_steps, self.step_days)
        return FittedKernelMixture(self, bundle, region, history, ladder, others, weights, kernels, arrived)

    @property
    def _lessons(self) -> Lessons:
        return Lessons(self.training_steps, self.least_events, self.most_events, self.burn_in_steps, self.prior_events)

    def ladder(self, cell_size_m: float) -> KernelLadder:
        """Return the kernels that a lattice of such cells can tell apart: 0, and bandwidths from half a cell up."""
        return KernelLadder(
            self._reaches(self.bandwidths_m, cell_size_m),
            tuple(h / self.step_days for h in self.half_lives_days),
            self._reaches(self.other_bandwidths_m, cell_size_m),
            tuple(h / self.step_days for h in self.other_half_lives_days),
            self.class_edges,
            spot_reaches=self._reaches(self.spot_bandwidths_m, cell_size_m) if cell_size_m >= self.spot_cells_m else (),
        )

    def _reaches(self, bandwidths_m: tuple[float, ...], cell_size_m: float) -> tuple[Reach, ...]:
        told_apart = (b for b in bandwidths_m if b == 0 or b >= LEAST_BANDWIDTH * cell_size_m)
        return tuple(Reach(b, is_receptive=b > 0 and self.receptivity_power > 0) for b in told_apart)


@dataclass(frozen=True, slots=True, eq=False)
class FittedKernelMixture:
    """Learned weights standing on one history.

    ``arrived`` (level_steps,) is the share of the last steps' events, the latest first, that is on record.
    """

    model: KernelMixture
    bundle: Bundle
    region: Region
    history: Events
    ladder: KernelLadder
    others: tuple[str, ...]
    weights: MixtureWeights
    kernels: tuple[CellKernel, ...] = field(repr=False)
    arrived: NDArray[np.float64] = field(repr=False)

    def conditioned_on(self, history: Events) -> Self:
        """Return the same weights standing on another history."""
        check_ground(history, self.region)
        return replace(self, history=history)

    def forecast(self, period: Period) -> Forecast:
        """Return expected counts; see ``FittedModel``."""
        return self.surface(period).forecast(period)

    def influence(self, period: Period, squares: Squares) -> Influence:
        """Return the exact share of each event; see ``FittedModel``."""
        return self.sum(period).influence(period, squares)

    def surface(self, period: Period | None = None) -> Surface:
        """Return what ``sum`` adds up to in each cell, without the events."""
        record, felt = self._record(), self._memories()
        sent = self._sent(felt, record.steps, (0, 1))
        ahead = self._ahead(period)
        if ahead != (0, 1):
            faded = self._sent(felt, record.steps, ahead)
            sent = faded * (sent.sum() / faded.sum() if faded.sum() > 0 else 1.0)
        level = self._level(record, float(sent.sum()))
        driven = np.zeros(self.region.grid.n_cells)
        for kernel, of_cell in zip(self.kernels, sent / self.model.step_days, strict=True):
            source = np.zeros(driven.size)
            source[felt.cells] = of_cell
            driven += kernel.spread(source)
        return Surface(
            self.model.name,
            self.bundle,
            self.region,
            self.history.known_at,
            driven * level,
            self._even_daily(record) * level,
            self._parameters(level),
        )

    def sum(self, period: Period | None = None) -> AdditiveSum:
        """Return the mixture as a sum over past events: one part a bandwidth.

        For a ``period`` that begins later or lasts longer than the next step, short memories have faded
        by then: the map leans on the long ones, at the same level of expected events a day.
        """
        record = self._record()
        column = self._column(record)
        table = self._table(record.steps, (0, 1))
        ahead = self._ahead(period)
        if ahead != (0, 1):
            faded = self._table(record.steps, ahead)
            now, then = (float((t[:, record.age, column] * record.weight).sum()) for t in (table, faded))
            table = faded * (now / then if then > 0 else 1.0)
        level = self._level(record, float((table[:, record.age, column] * record.weight).sum()))
        parts = []
        place = record.age * table.shape[2] + column
        per_day = record.weight * level / self.model.step_days
        for kernel, by_age_and_source in zip(self.kernels, table, strict=True):
            daily = np.zeros(len(self.history))
            daily[record.index] = by_age_and_source.ravel()[place] * per_day
            parts.append(Part(kernel.bandwidth_m, daily, kernel))
        even = self._even_daily(record) * level
        return AdditiveSum(
            self.model.name, self.bundle, self.region, self.history, tuple(parts), even, self._parameters(level)
        )

    def shares(self) -> NDArray[np.float64]:
        """Return what each event sends a day through all parts of ``sum`` together; (n_events,)."""
        record = self._record()
        table = self._table(record.steps, (0, 1)).sum(axis=0)
        daily = np.zeros(len(self.history))
        place = record.age * table.shape[1] + self._column(record)
        sent = table.ravel()[place] * record.weight
        daily[record.index] = sent * self._level(record, float(sent.sum())) / self.model.step_days
        return daily

    def _record(self) -> Record:
        model = self.model
        return read_record(self.history, self.bundle, self.region, model.anchor, model.step_days, self.others)

    def _memories(self) -> Memories:
        model, ladder, n_cells = self.model, self.ladder, self.region.grid.n_cells
        asked = ("memories", self.bundle, self.region, model.anchor, model.step_days, self.others, ladder)
        return self.history.once(asked, lambda: memories(self._record(), n_cells, ladder))

    def _ahead(self, period: Period | None) -> tuple[int, int]:
        return (0, 1) if period is None else steps_ahead(period, self.history, self.model.step_days)

    def _even_daily(self, record: Record) -> float:
        known = record.cell.size > 0 and bool((record.kind == 0).any())
        return self.weights.even / self.region.n_inside / self.model.step_days if known else 0.0

    def _parameters(self, level: float) -> dict[str, Parameter]:
        return {
            "training_events": self.weights.training_events,
            "anchor": self.model.anchor.value,
            "even_ground_per_step": round(self.weights.even, 9),
            "level": round(level, 9),
            "own_weight": round(float(self.weights.own.sum() + self.weights.spots.sum()), 9),
            "other_weight": round(float(self.weights.others.sum()), 9),
            "other_types": ", ".join(self.others),
        }

    def _rates(self, half_lives: tuple[float, ...], steps: int, ahead: tuple[int, int]) -> NDArray[np.float64]:
        """What a decayed count is multiplied by to be the mean rate per step of the steps ahead; (n_half_lives,)."""
        span = memory_span(half_lives, np.array([max(steps, 1)]))[0]
        return np.asarray(mean_fade(np.asarray(half_lives), *ahead) / span)

    def _sent(self, felt: Memories, steps: int, ahead: tuple[int, int]) -> NDArray[np.float64]:
        """What each active cell sends through each bandwidth per step; (n_bandwidths, n_active)."""
        ladder, weights = self.ladder, self.weights
        own = felt.own * self._rates(ladder.half_lives, steps, ahead)[:, None]
        of_class = np.tensordot(weights.own, own, axes=([2], [0]))  # (class, bandwidth, active)
        every = np.arange(felt.cells.size)
        sent = of_class[ladder.classes(felt.own_events), :, every].T
        others = felt.others * self._rates(ladder.other_half_lives, steps, ahead)[:, None]
        from_others = np.tensordot(weights.others, others, axes=([0, 2], [0, 1]))
        for place, reach in enumerate(ladder.other_reaches):
            sent[ladder.reaches.index(reach)] += from_others[place]
        at_spots = felt.spots * self._rates(ladder.half_lives, steps, ahead)[:, None]
        for place, reach in enumerate(ladder.spot_reaches):
            sent[ladder.reaches.index(reach)] += np.tensordot(weights.spots[:, place], at_spots, axes=([0, 1], [0, 1]))
        return sent

    def _level(self, record: Record, driven: float) -> float:
        """Return by how much more came lately than a forecast of ``driven`` events a step and even ground expects.

        ``(n + k) / (m L + k)``, with ``n`` the own events on record of the last ``level_steps`` steps, ``k`` what
        ``level_events`` of them weigh, ``L`` what is expected a step, and ``m`` how many of those steps are on record:
        a share of each where records are late. The weights lag a trend; one factor for the whole map mends that and
        moves no box.
        """
        model, steps = self.model, self.arrived.size
        asked = ("lately", self.bundle, self.region, model.anchor, model.step_days, self.others, steps)
        came, mean = self.history.once(asked, lambda: record.lately(steps))
        expected = driven + self.weights.even
        watched = float(self.arrived[: record.steps].sum())
        worth = model.level_events * mean
        return (came + worth) / (expected * watched + worth) if worth > 0 else 1.0

    def _table(self, steps: int, ahead: tuple[int, int]) -> NDArray[np.float64]:
        """What an event sends through each bandwidth, by age and source; (n_bandwidths, n_ages, n_sources)."""
        ladder, weights = self.ladder, self.weights
        age = np.arange(1, max(steps, 1) + 1)[:, None]
        fade = 2.0 ** (-age / np.asarray(ladder.half_lives)) * self._rates(ladder.half_lives, steps, ahead)
        other_fade = 2.0 ** (-age / np.asarray(ladder.other_half_lives))
        other_fade *= self._rates(ladder.other_half_lives, steps, ahead)
        # A column for each pair of classes, of the cell and of the point.
        own = np.repeat(np.einsum("qsh,ah->saq", weights.own, fade), max(ladder.n_spot_classes, 1), axis=2)
        for place, reach in enumerate(ladder.spot_reaches):
            at_spots = np.einsum("qh,ah->aq", weights.spots[:, place], fade)
            own[ladder.reaches.index(reach)] += np.tile(at_spots, ladder.n_classes)
        others = np.zeros((len(ladder.reaches), age.size, len(self.others)))
        for place, reach in enumerate(ladder.other_reaches):
            others[ladder.reaches.index(reach)] = np.einsum("oh,ah->ao", weights.others[:, place], other_fade)
        return np.concatenate([own, others], axis=2)

    def _column(self, record: Record) -> NDArray[np.int64]:
        """Each event's column of the table: the classes of its cell and of its point, or its crime type."""
        own, ladder = record.kind == 0, self.ladder
        column = _classes(ladder, record.cell, own)
        n_own = ladder.n_classes
        if ladder.spot_reaches:
            column = column * ladder.n_spot_classes + _classes(ladder, record.spot, own)
            n_own *= ladder.n_spot_classes
        return np.where(own, column, n_own + record.kind - 1)


def _classes(ladder: KernelLadder, unit: NDArray[np.int64], own: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the class of each row's unit by the own events that it has had; (n_rows,)."""
    counts = np.bincount(unit[own], minlength=int(unit.max(initial=0)) + 1).astype(np.float64)
    return ladder.classes(counts[unit])


def receptivity(history: Events, bundle: Bundle, region: Region) -> NDArray[np.float64]:
    """Return how readily each cell takes spread crime, by the crime of all other types it has had; (n_cells,).

    ``(n / mean n + 1/2) / (3/2)``: parks, water and railway yards, where nothing was ever recorded, have a third
    of an average cell's; 1 everywhere where there is no other type.
    """
    codes, names = history.type_codes
    is_other = np.array([name not in bundle.crime_types for name in names], dtype=np.bool_)
    cell = history.cells(region.grid)[is_other[codes]] if names else np.empty(0, dtype=np.int64)
    counts = np.bincount(cell[cell >= 0], minlength=region.grid.n_cells).astype(np.float64)
    mean = float(counts[region.is_inside].mean())
    return (counts / mean + 0.5) / 1.5 if mean > 0 else np.ones(counts.size)
