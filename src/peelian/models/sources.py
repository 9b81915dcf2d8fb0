"""Decayed sources: past events held per cell, and how they change from day to day while a model learns.

Reaches beyond ``COARSE_ABOVE`` cells are read from a coarser copy of the lattice, so that a far reach costs no
more than a near one. Only learning reads these; a forecast always uses the exact kernel.
"""

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


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """How decayed sources change from one training day to the next: all (n_changes,), in order of ``moment``.

    A change of moment ``m`` is seen from the ``m``-th training day on (0: from before the first). It adds ``value`` to
    ``column`` of the source in ``slot``. Columns: own classes x half-lives, those of points, other types x half-lives.
    """

    moment: NDArray[np.int64]
    slot: NDArray[np.int64]
    column: NDArray[np.int64]
    value: NDArray[np.float64]
    n_columns: int

    @classmethod
    def of(cls, record: Record, ladder: KernelLadder, slot: NDArray[np.int64], origin: int, days: int) -> "Changes":
        """Return the changes of ``days`` training days, of which the first is ``origin`` steps back.

        A source of age ``a`` is held as ``2^((origin - a) / h)``: one factor per day turns the whole into ages as of
        that day. Own sources change class as their cell, or their point, gathers events.

        Raises
        ------
        ForecastError
            When a half-life is so short that the held values would leave the numbers.
        """
        shortest = min(*ladder.half_lives, *(ladder.other_half_lives if record.others else ()), np.inf)
        if origin / shortest > MOST_HALVINGS:
            raise ForecastError(
                f"a half-life of {shortest:g} steps over {origin} training steps halves more than {MOST_HALVINGS:g} "
                "times; learn from fewer steps or give a longer half-life."
            )
        moment = np.maximum(origin - record.age + 1, 0)
        seen = moment < days
        own, other = np.flatnonzero(seen & (record.kind == 0)), np.flatnonzero(seen & (record.kind > 0))
        held = _held(record, own, ladder.half_lives, origin) * record.weight[own, None]
        kept, moved = _own_changes(moment[own], slot[own], held, ladder)
        n = len(ladder.half_lives)
        n_own = ladder.n_classes * n
        n_classed = n_own + ladder.n_spot_classes * n
        at_spots: list[_Columns] = []
        if ladder.spot_reaches:
            _, first_at, spot = np.unique(record.spot[own], return_index=True, return_inverse=True)
            stands = slot[own][first_at]
            come, move = _own_changes(moment[own], spot, held, ladder)
            at_spots = [(m, stands[unit], column + n_own, value) for m, unit, column, value in (come, *move)]
        n_others = len(ladder.other_half_lives)
        first = n_classed + (record.kind[other] - 1) * n_others
        theirs = _columns(moment[other], slot[other], first, _held(record, other, ladder.other_half_lives, origin))
        together = (kept, *moved, *at_spots, theirs)
        at, where, which = (np.concatenate([some[i] for some in together]) for i in range(3))
        value = np.concatenate([some[3] for some in together])
        order = np.argsort(at, kind="stable")
        n_columns = n_classed + len(record.others) * n_others
        return cls(at[order], where[order], which[order], value[order], n_columns)

    def totals(self, days: int) -> NDArray[np.float64]:
        """Return each column summed over all sources as seen on each training day; (days, n_columns)."""
        place = self.moment * self.n_columns + self.column
        made = np.bincount(place, self.value, minlength=days * self.n_columns)
        return np.cumsum(made.reshape(days, self.n_columns), axis=0)


_Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def _held(record: Record, rows: NDArray[np.int64], half_lives: tuple[float, ...], origin: int) -> NDArray[np.float64]:
    """What each event is held as, (n_rows, n_half_lives)."""
    age = np.arange(max(record.steps, 1))[:, None]
    return np.asarray((2.0 ** ((origin - age) / np.asarray(half_lives)))[record.age[rows]])


def _columns(
    moment: NDArray[np.int64], slot: NDArray[np.int64], first: NDArray[np.int64], values: NDArray[np.float64]
) -> _Columns:
    """Return changes of whole rows of half-lives, from the ``first`` column of each on."""
    n = values.shape[1]
    column = (first[:, None] + np.arange(n)).ravel()
    return np.repeat(moment, n), np.repeat(slot, n), column, values.ravel()


def _own_changes(
    moment: NDArray[np.int64], slot: NDArray[np.int64], held: NDArray[np.float64], ladder: KernelLadder
) -> tuple[_Columns, tuple[_Columns, _Columns]]:
    """Return what own events add, and what leaves and enters a class when a cell changes it.

    A cell's class follows from its events up to the moment, those of the moment included.
    """
    n, n_classes = len(ladder.half_lives), ladder.n_classes
    order = np.lexsort((moment, slot))
    moment, slot, held = moment[order], slot[order], held[order]
    same_cell = slot[1:] == slot[:-1]
    is_last = np.append(~(same_cell & (moment[1:] == moment[:-1])), [True])[: slot.size]
    last = np.flatnonzero(is_last)[np.cumsum(is_last) - is_last]
    counts = last - np.searchsorted(slot, slot, side="left") + 1
    of_class = ladder.classes(counts.astype(np.float64))
    changes = np.flatnonzero(same_cell & (of_class[1:] != of_class[:-1])) + 1
    # What a cell held before it changed: the sum over its classes so far, of which nothing is ever undone.
    by_class = np.zeros(((int(slot.max(initial=-1)) + 1) * n_classes, n))
    np.add.at(by_class, slot * n_classes + of_class, held)
    before, after = of_class[changes - 1], of_class[changes]
    moved: NDArray[np.float64] = np.cumsum(by_class.reshape(-1, n_classes, n), axis=1)[slot[changes], before]
    leaves = _columns(moment[changes], slot[changes], before * n, -moved)
    enters = _columns(moment[changes], slot[changes], after * n, moved)
    return _columns(moment, slot, of_class * n, held), (leaves, enters)


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The sources on one coarseness. Slot 0 is empty ground; ``slot_at`` has a margin as wide as any reach.

    ``reaches`` are those that are read here.
    """

    grid: Grid
    factor: int
    margin: int
    width: int
    slot_of: NDArray[np.int64]
    slot_at: NDArray[np.int32]
    n_slots: int
    reaches: tuple[Reach, ...]

    @classmethod
    def of(cls, grid: Grid, active: NDArray[np.int64], factor: int, reaches: tuple[Reach, ...]) -> "Level":
        """Return the level on which these reaches are read."""
        margin = max(_taps(r.bandwidth_m, grid.cell_size_m * factor).size - 1 for r in reaches)
        n_rows, width = (-(-n // factor) + 2 * margin for n in grid.shape)
        columns, rows = grid.columns_and_rows(active)
        place = (rows // factor + margin) * width + columns // factor + margin
        places, inverse = np.unique(place, return_inverse=True)
        slot_at = np.zeros(n_rows * width, dtype=np.int32)
        slot_at[places] = np.arange(1, places.size + 1)
        return cls(grid, factor, margin, width, inverse.astype(np.int64) + 1, slot_at, places.size + 1, reaches)

    def near(self, cells: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the slots around each cell, as wide as the widest reach; (n, n_steps)."""
        columns, rows = self.grid.columns_and_rows(cells)
        index = (rows // self.factor + self.margin) * self.width + columns // self.factor + self.margin
        step = np.arange(-self.margin, self.margin + 1)
        return self.slot_at.take(index[:, None] + (step[:, None] * self.width + step).ravel())


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How one reach is read on its level: with which shares of the slots around.

    ``sends`` (n_slots,) scales what each source sends out so that all of it stays inside the region; ``takes``
    (n_cells,) is how readily cells receive, where not all alike.
    """

    share: NDArray[np.float64]
    sends: NDArray[np.float64]
    takes: NDArray[np.float64] | None

    @classmethod
    def of(cls, kernel: CellKernel, active: NDArray[np.int64], level: Level) -> "View":
        """Return the view of a kernel on its level; beyond its reach the shares are 0."""
        taps = _taps(kernel.bandwidth_m, kernel.region.grid.cell_size_m * level.factor)
        both = np.pad(np.concatenate([taps[:0:-1], taps]), level.margin + 1 - taps.size)
        kept = np.bincount(level.slot_of, kernel.kept[active])
        sends = np.bincount(level.slot_of) / np.where(kept > 0, kept, 1.0)
        takes = None if kernel.receives is None else kernel.takes
        return cls(np.outer(both, both).ravel() / level.factor**2, sends, takes)


def levels_of(region: Region, active: NDArray[np.int64], reaches: tuple[Reach, ...]) -> tuple[Level, ...]:
    """Return the levels on which these reaches are read, finest first."""
    factors = {r: _coarseness(r.bandwidth_m, region.grid.cell_size_m) for r in reaches}
    return tuple(
        Level.of(region.grid, active, factor, tuple(r for r in reaches if factors[r] == factor))
        for factor in sorted(set(factors.values()))
    )


def _coarseness(bandwidth_m: float, cell_size_m: float) -> int:
    factor = 1
    while bandwidth_m / (cell_size_m * factor) > COARSE_ABOVE:
        factor *= 2
    return factor


def _taps(bandwidth_m: float, cell_size_m: float) -> NDArray[np.float64]:
    one_cell = Region(Grid("EPSG:27700", cell_size_m, 0, 0, 1, 1), np.ones(1, dtype=np.bool_))
    taps = CellKernel(one_cell, bandwidth_m).taps[: int(np.ceil(LEARNING_REACH * bandwidth_m / cell_size_m)) + 1]
    return np.asarray(taps / (2.0 * taps.sum() - taps[0]))
