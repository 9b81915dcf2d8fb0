"""Which ranks cannot be told apart: the bootstrap over events, through the influence matrix.

Had the same streets been watched again, each past crime might have come not at all, once or twice. A
Poisson bootstrap (Hanley & MacGibbon 2006, doi 10.1016/j.cmpb.2006.04.006) draws that number for each
event, and the candidates are ranked anew. One sparse product serves all resamples.
"""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import pdtr

from peelian.forecasts.boxes import Boxes
from peelian.forecasts.influence import Influence
from peelian.places.squares import Squares

RESAMPLES = 400
#: Poisson(1) by table: 16 random bits give the draw to one part in 65,536, ten times quicker than one by one.
_POISSON = np.searchsorted(pdtr(np.arange(20), 1.0), (np.arange(65_536) + 0.5) / 65_536).astype(np.float32)
#: Parts below this share of a square are held still in resampling.
_LEAST_PART = 1e-3
#: The 80 % range that LOOK.md draws.
LOW, HIGH = 0.1, 0.9


def rank_ranges(
    influence: Influence, groups: NDArray[np.int64], rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the 80 % range of each square's rank within its group over resamples of the events.

    ``groups`` (n_squares,) numbers the area each square competes in; squares of a group stand together
    and candidates should reach well past the boxes chosen. Ties within a resample are broken by the
    order given. A range is an honest minimum: squares that were no candidates cannot take a place in it.

    Returns two (n_squares,) arrays of ranks, counted from 1.
    """
    matrix, still = _moving(influence)
    used = np.unique(matrix.indices)
    compact = csr_array(matrix[:, used])
    draws = _POISSON[rng.integers(0, _POISSON.size, size=(used.size, resamples), dtype=np.uint16)]
    surface = compact.astype(np.float32) @ draws + still.astype(np.float32)[:, None]
    low = np.empty(groups.size, dtype=np.int64)
    high = np.empty(groups.size, dtype=np.int64)
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        order = np.argsort(-surface[members], axis=0, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(1, members.size + 1)[:, None], axis=0)
        ranks.sort(axis=1)
        low[members] = ranks[:, int(np.floor(LOW * (resamples - 1)))]
        high[members] = ranks[:, int(np.ceil(HIGH * (resamples - 1)))]
    return low, high


def _moving(influence: Influence) -> tuple[csr_array, NDArray[np.float64]]:
    """Return the parts that are resampled, and the rest of each square that is held still.

    A part below a thousandth of its square cannot move it among its neighbours: a thousand of them
    together waver by three per cent, while one recent crime makes a tenth or more.
    """
    matrix = csr_array(influence.matrix, copy=True)
    total = influence.expected
    square = np.repeat(np.arange(total.size), np.diff(matrix.indptr))
    small = matrix.data < _LEAST_PART * total[square]
    still = influence.constant + np.bincount(square[small], matrix.data[small], minlength=total.size)
    matrix.data[small] = 0.0
    matrix.eliminate_zeros()
    return matrix, still


def times_chosen(squares: Squares, track: pl.DataFrame) -> tuple[int, ...]:
    """Return in how many periods of the track (period_start, x_min, y_min) each square was chosen before.

    A floating box seldom comes back to the metre: it counts as chosen where a box of the same size
    covered at least half of it. On the fixed grid that is the same cell.
    """
    if not track.height:
        return (0,) * len(squares)
    east = squares.size_m - np.abs(np.subtract.outer(squares.x_min, track["x_min"].to_numpy()))
    north = squares.size_m - np.abs(np.subtract.outer(squares.y_min, track["y_min"].to_numpy()))
    covers = np.clip(east, 0, None) * np.clip(north, 0, None) >= squares.size_m**2 / 2
    period = np.unique(track["period_start"].to_physical().to_numpy(), return_inverse=True)[1]
    return tuple(int(np.unique(period[row]).size) for row in covers)


def with_rank_ranges(boxes: Boxes, low: NDArray[np.int64], high: NDArray[np.int64]) -> Boxes:
    """Return the boxes with their rank ranges, which always hold the rank itself."""
    rank = boxes.table.get_column("rank").to_numpy()
    table = boxes.table.with_columns(
        pl.Series("rank_low", np.minimum(low[: rank.size], rank), dtype=pl.Int32),
        pl.Series("rank_high", np.maximum(high[: rank.size], rank), dtype=pl.Int32),
    )
    return replace(boxes, table=table)
