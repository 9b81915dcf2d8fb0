"""Decayed sources: past events held per cell so that any day can be read without a pass over the lattice.

Reaches beyond ``COARSE_ABOVE`` cells are read from a coarser copy of the lattice, so that a far reach costs no
more than a near one. Only learning reads these; a forecast always uses the exact kernel.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.models.kernels import CellKernel
from peelian.models.ladder import KernelLadder, Reach
from peelian.models.record import Record
from peelian.places.grid import Grid
from peelian.places.regions import Region

#: Bandwidths above this many cells are read on a lattice so much coarser that they come below it again.
COARSE_ABOVE = 3.0

#: Learning reads a kernel as far as three bandwidths (0.5 % lies beyond): a far reach is most of the cost.
LEARNING_REACH = 3.0

#: 2 to this power is still a number; beyond it a source held as of a far origin would not be.
MOST_HALVINGS = 1000.0


class DecayedSources:
    """Decayed counts of events by cell and column: own classes x half-lives, those of points, then other types.

    A source of age ``a`` is held as ``2^((origin - a) / h)``: one factor per reading day turns the whole
    into ages as of that day. Own sources change class as their cell, or their point, gathers events. This is the
    one value here that changes: it is filled day by day within ``look_back`` and seen by nobody else.
    """

    def __init__(
        self,
        record: Record,
        region: Region,
        ladder: KernelLadder,
        origin: int,
        receptivity: NDArray[np.float64] | None,
    ) -> None:
        shortest = min(*ladder.half_lives, *(ladder.other_half_lives if record.others else ()), np.inf)
        if origin / shortest > MOST_HALVINGS:
            raise ForecastError(
                f"a half-life of {shortest:g} steps over {origin} training steps halves more than {MOST_HALVINGS:g} "
                "times; learn from fewer steps or give a longer half-life."
            )
        self._record, self._ladder, self._origin, self._receptivity = record, ladder, origin, receptivity
        active, self._slot = np.unique(record.cell, return_inverse=True)
        n = len(ladder.half_lives)
        self._n_own = ladder.n_classes * n
        self._n_classed = self._n_own + ladder.n_spot_classes * n
        self._gatherings = [_Gathering.of(self._slot, self._slot, n, 0)]
        if ladder.spot_reaches:
            self._gatherings.append(_Gathering.of(record.spot, self._slot, n, self._n_own))
        n_columns = self._n_classed + len(record.others) * len(ladder.other_half_lives)
        reaches = sorted({*ladder.reaches, *(ladder.other_reaches if record.others else ())})
        factors = {r: _coarseness(r.bandwidth_m, region.grid.cell_size_m) for r in reaches}
        self._levels = {
            factor: _Level.of(
                region.grid, active, factor, n_columns, [r.bandwidth_m for r in reaches if factors[r] == factor]
            )
            for factor in sorted(set(factors.values()))
        }
        self._views = {
            r: _View.of(
                CellKernel(region, r.bandwidth_m, receptivity if r.is_receptive else None),
                active,
                self._levels[factors[r]],
            )
            for r in reaches
        }
        self.total = np.zeros(n_columns)

    def add(self, rows: NDArray[np.int64]) -> None:
        """Take in events (rows of the record): they are seen from now on."""
        record, ladder = self._record, self._ladder
        own = rows[record.kind[rows] == 0]
        sent = self._as_of_origin(own, ladder.half_lives) * record.weight[own, None]
        for gathering in self._gatherings:
            for slots, n_events, value in gathering.take(own, sent):
                first = gathering.first_column + ladder.classes(n_events)[:, None] * len(ladder.half_lives)
                self._spread(slots, first + np.arange(len(ladder.half_lives)), value)
        other = rows[record.kind[rows] > 0]
        value = self._as_of_origin(other, ladder.other_half_lives)
        column = self._n_classed + (record.kind[other] - 1)[:, None] * len(ladder.other_half_lives)
        self._spread(self._slot[other], column + np.arange(len(ladder.other_half_lives)), value)

    def rates_at(self, reach: Reach, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what one reach brings to each cell, undivided; (n, n_columns), 0 of kinds that do not go by it."""
        view = self._views[reach]
        level = view.level
        near = level.slot_at[level.index_of(cells)[:, None] + view.offset]
        share = view.share * view.sends[near]
        n_read = self._n_classed if reach in self._ladder.spot_reaches else self._n_own
        if self._record.others and reach in self._ladder.other_reaches:
            n_read = self.total.size
        rates = np.zeros((cells.size, self.total.size))
        rates[:, :n_read] = np.matmul(share[:, None, :], level.counts[near, :n_read])[:, 0]
        if view.takes is not None:
            rates *= view.takes[cells][:, None]
        return rates

    def _as_of_origin(self, rows: NDArray[np.int64], half_lives: tuple[float, ...]) -> NDArray[np.float64]:
        return np.asarray(2.0 ** ((self._origin - self._record.age[rows])[:, None] / np.asarray(half_lives)))

    def _spread(self, slots: NDArray[np.int64], columns: NDArray[np.int64], value: NDArray[np.float64]) -> None:
        np.add.at(self.total, columns, value)
        for level in self._levels.values():
            np.add.at(level.counts, (level.slot_of[slots][:, None], columns), value)


@dataclass(frozen=True, slots=True, eq=False)
class _Gathering:
    """Own events by the unit that they gather at, a cell or a very point.

    ``unit`` (n_rows of the record,); ``slot`` (n_units,) is where its cell stands, ``held`` (n_units, n_half_lives)
    and ``n_events`` (n_units,) what it has had; ``first_column`` is its first class's.
    """

    unit: NDArray[np.int64]
    slot: NDArray[np.int64]
    held: NDArray[np.float64]
    n_events: NDArray[np.float64]
    first_column: int

    @classmethod
    def of(cls, unit: NDArray[np.int64], slot: NDArray[np.int64], n_half_lives: int, first_column: int) -> "_Gathering":
        """Return the empty gathering of rows by ``unit``; all rows of a unit stand in one slot."""
        _, first, number = np.unique(unit, return_index=True, return_inverse=True)
        return cls(number, slot[first], np.zeros((first.size, n_half_lives)), np.zeros(first.size), first_column)

    def take(
        self, rows: NDArray[np.int64], sent: NDArray[np.float64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
        """Take rows in, and yield (slots, events had, change): what leaves the old classes, what joins the new."""
        touched, place = np.unique(self.unit[rows], return_inverse=True)
        held, before = self.held[touched], self.n_events[touched]
        now = held.copy()
        np.add.at(now, place, sent)
        after = before + np.bincount(place, minlength=touched.size)
        self.held[touched], self.n_events[touched] = now, after
        yield self.slot[touched], before, -held
        yield self.slot[touched], after, now


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """The counts on one coarseness. Slot 0 is empty ground; ``slot_at`` has a margin as wide as any reach."""

    grid: Grid
    factor: int
    margin: int
    width: int
    slot_of: NDArray[np.int64]
    slot_at: NDArray[np.int32]
    counts: NDArray[np.float64]

    @classmethod
    def of(
        cls, grid: Grid, active: NDArray[np.int64], factor: int, n_columns: int, bandwidths: list[float]
    ) -> "_Level":
        """Return the empty level on which these bandwidths are read."""
        margin = max(_taps(b, grid.cell_size_m * factor).size - 1 for b in bandwidths)
        n_rows, width = (-(-n // factor) + 2 * margin for n in grid.shape)
        columns, rows = grid.columns_and_rows(active)
        place = (rows // factor + margin) * width + columns // factor + margin
        places, inverse = np.unique(place, return_inverse=True)
        slot_at = np.zeros(n_rows * width, dtype=np.int32)
        slot_at[places] = np.arange(1, places.size + 1)
        counts = np.zeros((places.size + 1, n_columns))
        return cls(grid, factor, margin, width, inverse.astype(np.int64) + 1, slot_at, counts)

    def index_of(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where in ``slot_at`` the cells stand."""
        columns, rows = self.grid.columns_and_rows(cells)
        return (rows // self.factor + self.margin) * self.width + columns // self.factor + self.margin


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """How one reach is read: over which steps on its level, with which shares.

    ``sends`` (n_slots,) scales what each source sends out so that all of it stays inside the region; ``takes``
    (n_cells,) is how readily cells receive, where not all alike.
    """

    level: _Level
    offset: NDArray[np.int64]
    share: NDArray[np.float64]
    sends: NDArray[np.float64]
    takes: NDArray[np.float64] | None

    @classmethod
    def of(cls, kernel: CellKernel, active: NDArray[np.int64], level: _Level) -> "_View":
        """Return the view of a kernel on its level."""
        taps = _taps(kernel.bandwidth_m, kernel.region.grid.cell_size_m * level.factor)
        both = np.concatenate([taps[:0:-1], taps])
        steps = np.arange(1 - taps.size, taps.size)
        offset = (steps[:, None] * level.width + steps).ravel()
        kept = np.bincount(level.slot_of, kernel.kept[active])
        sends = np.bincount(level.slot_of) / np.where(kept > 0, kept, 1.0)
        takes = None if kernel.receives is None else kernel.takes
        return cls(level, offset, np.outer(both, both).ravel() / level.factor**2, sends, takes)


def _coarseness(bandwidth_m: float, cell_size_m: float) -> int:
    factor = 1
    while bandwidth_m / (cell_size_m * factor) > COARSE_ABOVE:
        factor *= 2
    return factor


def _taps(bandwidth_m: float, cell_size_m: float) -> NDArray[np.float64]:
    one_cell = Region(Grid("EPSG:27700", cell_size_m, 0, 0, 1, 1), np.ones(1, dtype=np.bool_))
    taps = CellKernel(one_cell, bandwidth_m).taps[: int(np.ceil(LEARNING_REACH * bandwidth_m / cell_size_m)) + 1]
    return np.asarray(taps / (2.0 * taps.sum() - taps[0]))
