"""Spatial kernels between cells of a region's grid: dense spreading and exact pairwise weights, from one formula.

A kernel moves an event from its cell to the cells around. It is a Gaussian in the displacement from
the centre of the event's cell, integrated over the receiving cell, cut at ``REACH`` bandwidths, and
scaled so that all of an event stays within the region: counts are conserved at the edges.
"""

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import correlate1d
from scipy.sparse import coo_array, csr_array
from scipy.special import ndtr

from peelian.errors import ForecastError
from peelian.places.grid import Grid
from peelian.places.regions import Region
from peelian.places.squares import Squares

#: A Gaussian beyond four bandwidths holds 0.006 %: cut there, and rescaled by the edge rule.
REACH = 4.0

#: What stays inside, by region and bandwidth: a night asks for it once a crime type. It goes when the region goes.
_KEPT: WeakKeyDictionary[Region, dict[float, NDArray[np.float64]]] = WeakKeyDictionary()

#: Kernels of more taps than this on either side are quicker by Fourier transform.
MANY_TAPS = 12

#: Pairs of a square and a sender are weighed so many at a time: what is worked out between stays in the core's cache.
_PAIRS_AT_ONCE = 8_192


@dataclass(frozen=True, slots=True, eq=False)
class CellKernel:
    """Gaussian of ``bandwidth_m`` between cells of a region; bandwidth 0 keeps an event in its own cell.

    ``receives`` (n_cells,), positive, says how readily each cell takes what comes its way (None: all alike); an
    event is still shared out whole, and bandwidth 0 still keeps it. ``kept`` (n_cells,) is what of an event in
    each cell would arrive unscaled; 1 outside the region.
    """

    region: Region
    bandwidth_m: float
    receives: NDArray[np.float64] | None = None
    kept: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a bandwidth that is not a length; work out what the edges would lose."""
        if not (np.isfinite(self.bandwidth_m) and self.bandwidth_m >= 0):
            raise ForecastError(f"bandwidth_m = {self.bandwidth_m!r}: a bandwidth is 0 or a positive number of metres.")
        if self.receives is not None and self.bandwidth_m:
            object.__setattr__(self, "kept", self._kept())
            return
        known = _KEPT.setdefault(self.region, {})
        if self.bandwidth_m not in known:
            kept = self._kept() if self.bandwidth_m else np.ones(self.region.grid.n_cells)
            kept.flags.writeable = False
            known[self.bandwidth_m] = kept
        object.__setattr__(self, "kept", known[self.bandwidth_m])

    @property
    def takes(self) -> NDArray[np.float64]:
        """How readily each cell takes what comes its way, 0 outside the region; (n_cells,)."""
        inside = self.region.is_inside
        if self.receives is None or self.bandwidth_m == 0:
            return inside.astype(np.float64)
        return np.where(inside, self.receives, 0.0)

    @property
    def taps(self) -> NDArray[np.float64]:
        """Share of an event that moves 0, 1, 2 ... cells along one axis, (reach + 1,); both sides sum to about 1."""
        size = self.region.grid.cell_size_m
        if self.bandwidth_m == 0:
            return np.ones(1)
        edges = (np.arange(int(np.ceil(REACH * self.bandwidth_m / size)) + 2) - 0.5) * size / self.bandwidth_m
        return np.asarray(np.diff(ndtr(edges)))

    def spread(self, source: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each cell receives when each cell sends out ``source``; both (n_cells,).

        What was sent from inside the region arrives inside it, whole; what lies outside sends nothing.
        """
        # Beyond the window that holds the region nobody sends or receives.
        arrived = np.zeros(self.region.grid.shape)
        window = self.region.window
        inside, kept = (of_cell.reshape(arrived.shape)[window] for of_cell in (self.region.is_inside, self.kept))
        sent = np.where(inside, source.reshape(arrived.shape)[window], 0.0)
        if self.bandwidth_m:
            sent = self._smoothed(sent / kept)
            if self.receives is not None:
                sent *= self.receives.reshape(arrived.shape)[window]
        np.copyto(arrived[window], sent, where=inside)
        return arrived.ravel()

    def weights(self, squares: Squares, cells: NDArray[np.int64], kept: NDArray[np.float64] | None = None) -> csr_array:
        """Return what each square receives of one event in each of ``cells``; (n_squares, n_listed_cells).

        ``kept`` may hand in ``self.kept`` when it is at hand. Squares are unions of whole cells; cells that they do
        not own receive nothing.

        Raises
        ------
        ForecastError
            When the squares do not lie on the grid's lines.
        """
        grid, inside = self.region.grid, self.region.is_inside
        share_kept = self.kept if kept is None else kept
        left, bottom, side = _corners(squares, grid)
        sending = np.flatnonzero(inside[cells])
        from_column, from_row = grid.columns_and_rows(cells[sending])
        taps = self.taps
        square, sender = _near_pairs(left, bottom, side, from_column, from_row, taps.size - 1)
        cell, answers = _cells_of(squares, self.region, left, bottom, side)
        takes = np.ascontiguousarray(np.where(answers, self.takes[cell], 0.0).T)
        # By the signed step from a sender to the square's first column or row; zeros for any step that a pair can have.
        beyond = np.zeros(side)
        along, middle = np.concatenate([beyond, taps[:0:-1], taps, beyond]), taps.size - 1 + side
        value = np.empty(square.size)
        for first in range(0, square.size, _PAIRS_AT_ONCE):
            now = slice(first, first + _PAIRS_AT_ONCE)
            to, by = square[now], sender[now]
            east, north = middle + left[to] - from_column[by], middle + bottom[to] - from_row[by]
            across, up = ([along.take(start + step) for step in range(side)] for start in (east, north))
            # Rows and columns of a square separate, but for its cells outside the region: taken cell by cell.
            arrived = np.zeros(to.size)
            for d_row in range(side):
                for d_column in range(side):
                    arrived += across[d_column] * up[d_row] * takes[d_row * side + d_column].take(to)
            value[now] = arrived
        value /= share_kept[cells[sending]][sender]
        hit = value > 0
        shape = (len(squares), cells.size)
        return csr_array(coo_array((value[hit], (square[hit], sending[sender[hit]])), shape=shape))

    def _kept(self) -> NDArray[np.float64]:
        """What of an event in each cell arrives unscaled; 1 outside the region."""
        kept = np.ones(self.region.grid.shape)
        window = self.region.window
        inside = self.region.is_inside.reshape(kept.shape)[window]
        np.copyto(kept[window], self._smoothed(self.takes.reshape(kept.shape)[window]), where=inside)
        return kept.ravel()

    def _smoothed(self, surface: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a surface over the region's window, blurred; nothing beyond it."""
        taps = self.taps
        both_sides = np.concatenate([taps[:0:-1], taps])
        for axis in (0, 1):
            if taps.size > MANY_TAPS:
                surface = _convolved(surface, both_sides, axis)
            else:
                surface = correlate1d(surface, both_sides, axis=axis, mode="constant", cval=0.0)
        # A correlation of non-negative numbers may come out at -1e-20; a count may not.
        return np.maximum(surface, 0.0)


def _convolved(surface: NDArray[np.float64], taps: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return a surface convolved with taps along an axis by Fourier transform, nothing beyond its edges; same shape.

    ``scipy.signal`` has this too, and brings half a second of imports along to every command.
    """
    size = surface.shape[axis]
    length = next_fast_len(size + taps.size - 1, real=True)
    sent = rfft(surface, length, axis=axis) * np.expand_dims(rfft(taps, length), 1 - axis)
    first = taps.size // 2
    return np.asarray(irfft(sent, length, axis=axis).take(range(first, first + size), axis=axis))


def cells_held(region: Region, squares: Squares) -> NDArray[np.float64]:
    """Return how many cells inside the region each square holds of those that it answers for; (n_squares,).

    Raises
    ------
    ForecastError
        When the squares do not lie on the grid's lines.
    """
    _, answers = _cells_of(squares, region, *_corners(squares, region.grid))
    return np.asarray(answers.sum(axis=1, dtype=np.float64))


def _cells_of(
    squares: Squares, region: Region, left: NDArray[np.int64], bottom: NDArray[np.int64], side: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return each square's cells, row by row from the south-west, and whether it answers for them; (n_squares, side²).

    A cell off the grid is told as cell 0 and answered for by nobody.
    """
    grid, step = region.grid, np.arange(side)
    column, row = (left[:, None] + np.tile(step, side)), (bottom[:, None] + np.repeat(step, side))
    on_grid = (column >= 0) & (column < grid.n_columns) & (row >= 0) & (row < grid.n_rows)
    cell = np.where(on_grid, row * grid.n_columns + column, 0)
    every = np.arange(len(squares))[:, None]
    return cell, np.asarray(on_grid & region.is_inside[cell] & squares.own(every, cell))


def _corners(squares: Squares, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Columns and rows of the squares' south-west cells on the grid, which may lie off it, and cells to a side."""
    side = round(squares.size_m / grid.cell_size_m)
    column = squares.x_min / grid.cell_size_m - grid.column_min
    row = squares.y_min / grid.cell_size_m - grid.row_min
    aligned = np.allclose(column, np.round(column), atol=1e-6) and np.allclose(row, np.round(row), atol=1e-6)
    if not aligned or side < 1 or not np.isclose(side * grid.cell_size_m, squares.size_m):
        raise ForecastError(
            f"squares of {squares.size_m:g} m do not lie on the lines of the {grid.cell_size_m:g} m grid; "
            "explain with the grid that the boxes were chosen on."
        )
    return np.round(column).astype(np.int64), np.round(row).astype(np.int64), side


def _near_pairs(
    left: NDArray[np.int64],
    bottom: NDArray[np.int64],
    side: int,
    from_column: NDArray[np.int64],
    from_row: NDArray[np.int64],
    reach: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (square, sender) index pairs within ``reach`` cells of each other along both axes.

    Senders are sorted by row and column, so that each square asks for ``side + 2 * reach`` runs of
    neighbours by binary search: no table of squares by senders is ever made.
    """
    order = np.lexsort((from_column, from_row))
    width = np.int64(2**31)
    key = from_row[order] * width + from_column[order]
    squares, firsts, lengths = [], [], []
    every = np.arange(left.size)
    for d_row in range(-reach, side + reach):
        base = (bottom + d_row) * width + left
        first = np.searchsorted(key, base - reach, side="left")
        last = np.searchsorted(key, base + side + reach, side="left")
        some = last > first
        squares.append(every[some])
        firsts.append(first[some])
        lengths.append((last - first)[some])
    square, first, length = (np.concatenate(parts) for parts in (squares, firsts, lengths))
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return np.repeat(square, length), order[np.repeat(first, length) + offset]
