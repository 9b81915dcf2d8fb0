"""What was at hand on each past day: kernel rates at the places of later events, one day at a time.

The kernel mixture learns its weights from these. For every training event and every kernel (reach in
space x memory in time x kind of source) this gives the rate that the kernel would have expected there
that day from earlier days only. Nothing of the day itself or after it enters: a leak here would make
every score a lie.

Cost: one pass over the record and, for each training event, the cells within reach. Reaches beyond
``COARSE_ABOVE`` cells are read from a coarser copy of the lattice, so that a far reach costs no more
than a near one; the weights hardly notice and the forecast itself always uses the exact kernel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.events.events import Events
from peelian.models.kernels import CellKernel
from peelian.models.record import Record
from peelian.places.grid import Grid
from peelian.places.periods import Period
from peelian.places.regions import Region

#: Bandwidths above this many cells are read on a lattice so much coarser that they come below it again.
COARSE_ABOVE = 3.0


@dataclass(frozen=True, slots=True)
class KernelLadder:
    """Which kernels there are: bandwidths in metres; memories as half-lives in steps, infinity for "all history".

    ``other_bandwidths_m`` and ``other_half_lives`` serve the other crime types, which need fewer.
    ``class_edges`` part the sources by how many own events their cell has had: below the first edge,
    between the first two, and so on. A place with many events deserves to be taken at its word, one with
    a single event to be shared with its surroundings; one linear weight cannot say both.

    A decayed count is divided by its span to give a rate per step; with ``per_event`` by the span of an
    endless record instead, so that each event sends out one event in all: a triggering density.
    """

    bandwidths_m: tuple[float, ...]
    half_lives: tuple[float, ...]
    other_bandwidths_m: tuple[float, ...]
    other_half_lives: tuple[float, ...]
    class_edges: tuple[float, ...]
    per_event: bool = False

    @property
    def n_classes(self) -> int:
        """Number of classes of own sources."""
        return len(self.class_edges) + 1

    def span(self, half_lives: tuple[float, ...], steps: int) -> NDArray[np.float64]:
        """Return what decayed counts are divided by once so many steps are on record; (n_half_lives,)."""
        if not self.per_event:
            return np.asarray(memory_span(half_lives, np.array([steps]))[0])
        return np.asarray(1.0 / (2.0 ** (1.0 / np.asarray(half_lives)) - 1.0))

    def classes(self, counts: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the class of a cell of so many own events; shape of ``counts``."""
        return np.digitize(counts, self.class_edges).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Lookback:
    """Training events and what each kernel expected of them.

    ``own`` (n_events, n_classes, n_bandwidths, n_half_lives) and ``others`` (n_events, n_others,
    n_other_bandwidths, n_other_half_lives) are rates per cell and step; ``own_exposure`` and
    ``others_exposure`` the same summed over the region and the training steps; ``weight`` (n_events,)
    what each event counts for; ``steps`` the training steps.
    """

    own: NDArray[np.float64]
    others: NDArray[np.float64]
    own_exposure: NDArray[np.float64]
    others_exposure: NDArray[np.float64]
    weight: NDArray[np.float64]
    steps: int


def memory_span(half_lives: tuple[float, ...], steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the steps that each memory effectively looks over once so many are on record; (n_steps, n_half_lives).

    It is ``sum_{a=1..n} 2^(-a / h)``, by which a decayed count is divided to give a rate per step.
    """
    fading = 2.0 ** (-1.0 / np.asarray(half_lives, dtype=np.float64))
    n = np.asarray(steps, dtype=np.float64)[:, None]
    endless = fading >= 1.0
    closed = fading * (1.0 - fading**n) / np.where(endless, 1.0, 1.0 - fading)
    return np.maximum(np.where(endless, n, closed), 1e-9)


def mean_fade(half_lives: NDArray[np.float64], ahead: int, steps: int) -> NDArray[np.float64]:
    """Return how much less an event sends on average over ``steps`` steps, the first ``ahead`` from now."""
    later = np.arange(ahead, ahead + steps)[:, None]
    return np.asarray((2.0 ** (-later / half_lives)).mean(axis=0))


def steps_ahead(period: Period, history: Events, step_days: float) -> tuple[int, int]:
    """Return how many whole steps after the cutoff the period begins, and how many it lasts (at least one)."""
    ahead = (period.start - history.known_at).total_seconds() / 86_400 / step_days
    return max(int(ahead), 0), max(round(period.days / step_days), 1)


def look_back(record: Record, region: Region, ladder: KernelLadder, training: NDArray[np.int64]) -> Lookback:
    """Return the kernels' rates at the own events of the ``training`` ages (rising ages, in steps back).

    Each training day sees the events of greater age only.
    """
    grid = region.grid
    every = {b: _View.of(region, b) for b in {*ladder.bandwidths_m, *ladder.other_bandwidths_m}}
    views = [every[bandwidth] for bandwidth in ladder.bandwidths_m]
    # Without other types there is nothing to read for them, and no reach to read it over.
    other_views = [every[bandwidth] for bandwidth in ladder.other_bandwidths_m] if record.others else []
    oldest, newest = int(training.max()), int(training.min())
    state = _State(record, region, ladder, origin=oldest)
    for factor in sorted({view.factor for view in every.values()}):
        state.add_level(factor)
    own_rows, other_rows, weights = [], [], []
    own_exposure = np.zeros_like(state.own_total)
    others_exposure = np.zeros_like(state.other_total)
    order = np.argsort(-record.age, kind="stable")
    ages = record.age[order]
    bounds = np.searchsorted(-ages, -np.arange(oldest + 1, newest - 1, -1), side="right")
    state.add(order[: bounds[0]])
    for number, age in enumerate(range(oldest, newest - 1, -1)):
        today = order[bounds[number] : bounds[number + 1]]
        fade = _fade(oldest - age, ladder.half_lives, ladder, record.steps - 1 - age)
        other_fade = _fade(oldest - age, ladder.other_half_lives, ladder, record.steps - 1 - age)
        # Everything a kernel sends stays within the region, so its sum over the region is its sum over sources.
        own_exposure = own_exposure + state.own_total * fade
        others_exposure = others_exposure + state.other_total * other_fade
        own = today[record.kind[today] == 0]
        if own.size:
            columns, rows = grid.columns_and_rows(record.cell[own])
            own_rows.append(np.stack([state.own_at(v, rows, columns) for v in views], axis=2) * fade)
            if other_views:
                read = np.stack([state.others_at(v, rows, columns) for v in other_views], axis=2)
                other_rows.append(read * other_fade)
            weights.append(record.weight[own])
        state.add(today)
    shape_own = (0, ladder.n_classes, len(views), len(ladder.half_lives))
    n_events = sum(rows.size for rows in weights)
    shape_other = (n_events, len(record.others), len(ladder.other_bandwidths_m), len(ladder.other_half_lives))
    return Lookback(
        np.concatenate(own_rows) if own_rows else np.empty(shape_own),
        np.concatenate(other_rows) if other_rows else np.zeros(shape_other),
        np.repeat(own_exposure[:, None], shape_own[2], axis=1),
        np.repeat(others_exposure[:, None], shape_other[2], axis=1),
        np.concatenate(weights) if weights else np.empty(0),
        oldest - newest + 1,
    )


def _fade(since: int, half_lives: tuple[float, ...], ladder: KernelLadder, steps: int) -> NDArray[np.float64]:
    return np.asarray(2.0 ** (-since / np.asarray(half_lives)) / ladder.span(half_lives, steps))


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """How one bandwidth is read: on which level of the lattice, over which steps, with which shares.

    ``kept`` (n_cells,) is what the exact kernel keeps of each cell's events inside the region.
    """

    factor: int
    d_row: NDArray[np.int64]
    d_column: NDArray[np.int64]
    share: NDArray[np.float64]
    kept: NDArray[np.float64]

    @classmethod
    def of(cls, region: Region, bandwidth_m: float) -> "_View":
        """Return the view of a bandwidth, on the finest level that keeps its reach short."""
        grid = region.grid
        factor = 1
        while bandwidth_m / (grid.cell_size_m * factor) > COARSE_ABOVE:
            factor *= 2
        one_cell = Region(Grid(grid.crs, grid.cell_size_m * factor, 0, 0, 1, 1), np.ones(1, dtype=np.bool_))
        taps = CellKernel(one_cell, bandwidth_m).taps
        both = np.concatenate([taps[:0:-1], taps])
        steps = np.arange(1 - taps.size, taps.size)
        d_row, d_column = (d.ravel() for d in np.meshgrid(steps, steps, indexing="ij"))
        kept = CellKernel(region, bandwidth_m).kept
        return cls(factor, d_row, d_column, np.outer(both, both).ravel() / factor**2, kept)


class _State:
    """Decayed counts per source cell, scaled so that no day needs a pass over the lattice.

    A source of age ``a`` is held as ``2^((origin - a) / h)``: a common factor per reading day turns the
    whole into ages as of that day. Cells are numbered by first use; number 0 holds nothing.
    """

    def __init__(self, record: Record, region: Region, ladder: KernelLadder, origin: int) -> None:
        self.record, self.region, self.ladder, self.origin = record, region, ladder, origin
        self.levels: dict[int, _Level] = {}
        active, self.slot = np.unique(record.cell, return_inverse=True)
        self.n_own = np.zeros(active.size)
        self.own = np.zeros((active.size, len(ladder.half_lives)))
        self.active = active
        self.own_total = np.zeros((ladder.n_classes, len(ladder.half_lives)))
        self.other_total = np.zeros((len(record.others), len(ladder.other_half_lives)))

    def add_level(self, factor: int) -> None:
        """Hold the counts on a lattice ``factor`` times coarser too."""
        if factor not in self.levels:
            self.levels[factor] = _Level(self, factor)

    def add(self, rows: NDArray[np.int64]) -> None:
        """Take in events: they are seen from now on."""
        record, ladder = self.record, self.ladder
        held_for = (self.origin - record.age[rows])[:, None]
        own = record.kind[rows] == 0
        value = 2.0 ** (held_for[own] / np.asarray(ladder.half_lives)) * record.weight[rows[own], None]
        touched = np.unique(self.slot[rows[own]])
        before = ladder.classes(self.n_own[touched])
        held = self.own[touched].copy()
        np.add.at(self.own, self.slot[rows[own]], value)
        np.add.at(self.n_own, self.slot[rows[own]], 1.0)
        after = ladder.classes(self.n_own[touched])
        np.subtract.at(self.own_total, before, held)
        np.add.at(self.own_total, after, self.own[touched])
        for level in self.levels.values():
            level.move(touched, before, held, after, self.own[touched])
        other = rows[~own]
        kind = record.kind[other] - 1
        other_value = 2.0 ** (held_for[~own] / np.asarray(ladder.other_half_lives))
        np.add.at(self.other_total, kind, other_value)
        for level in self.levels.values():
            np.add.at(level.others, (level.slot_of[self.slot[other]], kind), other_value)

    def own_at(self, view: _View, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (n_places, n_classes, n_half_lives) of one bandwidth."""
        slots, share = self.levels[view.factor].near(view, rows, columns)
        rates = np.einsum("pn,pnqh->pqh", share, self.levels[view.factor].own[slots], optimize=True)
        return np.asarray(rates)

    def others_at(self, view: _View, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (n_places, n_others, n_half_lives) of one bandwidth."""
        slots, share = self.levels[view.factor].near(view, rows, columns)
        rates = np.einsum("pn,pnoh->poh", share, self.levels[view.factor].others[slots], optimize=True)
        return np.asarray(rates)


class _Level:
    """The counts on one coarseness; slot 0 is empty ground."""

    def __init__(self, state: _State, factor: int) -> None:
        grid = state.region.grid
        self.factor = factor
        self.shape = tuple(-(-n // factor) for n in grid.shape)
        columns, rows = grid.columns_and_rows(state.active)
        coarse, inverse = np.unique((rows // factor) * self.shape[1] + columns // factor, return_inverse=True)
        self.slot_of = inverse + 1
        self.slot_at = np.zeros(self.shape[0] * self.shape[1], dtype=np.int32)
        self.slot_at[coarse] = np.arange(1, coarse.size + 1)
        ladder = state.ladder
        self.own = np.zeros((coarse.size + 1, ladder.n_classes, len(ladder.half_lives)))
        self.others = np.zeros((coarse.size + 1, len(state.record.others), len(ladder.other_half_lives)))
        self.n_cells = np.bincount(self.slot_of, minlength=coarse.size + 1)
        self.active = state.active

    def move(
        self,
        touched: NDArray[np.int64],
        before: NDArray[np.int64],
        held: NDArray[np.float64],
        after: NDArray[np.int64],
        now: NDArray[np.float64],
    ) -> None:
        """Take what the touched cells held out of their old class and put what they hold now into the new."""
        np.subtract.at(self.own, (self.slot_of[touched], before), held)
        np.add.at(self.own, (self.slot_of[touched], after), now)

    def near(
        self, view: _View, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return the slots within reach of each place and the share that each sends there; two (n_places, n_near)."""
        row = rows[:, None] // self.factor + view.d_row
        column = columns[:, None] // self.factor + view.d_column
        inside = (row >= 0) & (row < self.shape[0]) & (column >= 0) & (column < self.shape[1])
        slots = np.where(inside, self.slot_at[np.where(inside, row * self.shape[1] + column, 0)], 0)
        kept = np.bincount(self.slot_of, view.kept[self.active], minlength=self.n_cells.size)
        return slots, view.share / np.where(self.n_cells > 0, kept / np.maximum(self.n_cells, 1), 1.0)[slots]
