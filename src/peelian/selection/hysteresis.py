"""Hysteresis: a box keeps its place unless it is clearly beaten, so that officers learn their ground.

It has a price in hits, which the backtest tells beside the gain in steadiness (box churn).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peelian.errors import ForecastError
from peelian.places.squares import Squares


@dataclass(frozen=True, slots=True, eq=False)
class Incumbents:
    """The boxes that stood last, and by what share (0.25 = 25 %) a newcomer must expect more to take a place."""

    squares: Squares
    margin: float = 0.25

    def __post_init__(self) -> None:
        """Refuse a margin that would favour newcomers."""
        if not (np.isfinite(self.margin) and self.margin >= 0):
            raise ForecastError(f"hysteresis margin = {self.margin!r}: a share from 0 up, such as 0.25.")

    def favour(self, gain: NDArray[np.float64], corner: tuple[float, float], step_m: float) -> NDArray[np.float64]:
        """Return the gains by which to choose: those at an incumbent's place raised by the margin.

        ``gain`` (n_rows, n_columns) stands on corners ``step_m`` apart, the first at ``corner`` (x, y).
        Places where no box may stand (below zero) stay so; incumbents off the lattice are nobody's.
        """
        favoured = gain.copy()
        column = (self.squares.x_min - corner[0]) / step_m
        row = (self.squares.y_min - corner[1]) / step_m
        whole_column, whole_row = np.round(column).astype(np.int64), np.round(row).astype(np.int64)
        at_place = np.isclose(column, whole_column, atol=1e-6) & np.isclose(row, whole_row, atol=1e-6)
        at_place &= (
            (whole_column >= 0) & (whole_column < gain.shape[1]) & (whole_row >= 0) & (whole_row < gain.shape[0])
        )
        place = whole_row[at_place], whole_column[at_place]
        held = gain[place]
        favoured[place] = np.where(held > 0, held * (1.0 + self.margin), held)
        return favoured


def churn(before: Squares, after: Squares) -> float:
    """Return the share of the later boxes' area that no earlier box covered, 0..1; NaN when there are none.

    Squares of one choice do not overlap, so overlaps between the two choices add up.
    """
    if not len(after):
        return float("nan")
    side = min(before.size_m, after.size_m)
    east = _overlap(before.x_min, before.size_m, after.x_min, after.size_m)
    north = _overlap(before.y_min, before.size_m, after.y_min, after.size_m)
    covered = float((east * north).sum()) if len(before) else 0.0
    return 1.0 - covered / (len(after) * after.size_m**2) if side > 0 else float("nan")


def _overlap(
    first: NDArray[np.float64], first_size: float, second: NDArray[np.float64], second_size: float
) -> NDArray[np.float64]:
    """Length that two half-open intervals share, for every pair."""
    low = np.maximum.outer(first, second)
    high = np.minimum.outer(first + first_size, second + second_size)
    return np.asarray(np.clip(high - low, 0.0, None))
