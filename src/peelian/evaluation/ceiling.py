"""The honest ceiling: what could have been caught by somebody who knew every cell's true rate, by simulation.

We do not know the true rates; a fitted model's are the nearest thing. So crime is drawn from them: each period, each
cell, Poisson. Knowing the rates, one would stand where the model stands; what falls there is the ceiling, and its
spread over the draws is luck alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Share caught, were the rates true: the mean, and the middle 95 % of the draws. NaN where nothing is expected."""

    rate: float
    low: float
    high: float


def simulated_ceiling(
    in_boxes: NDArray[np.float64], in_area: NDArray[np.float64], rng: np.random.Generator, *, counts_events: bool
) -> Ceiling:
    """Return the ceiling of a choice of boxes over a range of periods.

    ``in_boxes`` and ``in_area`` (n,) are what was expected in the boxes and in the whole area, by period and area.
    Boxes share no ground, so what falls in them and what falls beside them are independent Poisson draws. Weighted
    counts are no counts of events: they have the mean alone.
    """
    inside, all_of_it = float(in_boxes.sum()), float(in_area.sum())
    if not (np.isfinite(inside) and np.isfinite(all_of_it) and all_of_it > 0):
        return Ceiling(float("nan"), float("nan"), float("nan"))
    rate = inside / all_of_it
    if not counts_events:
        return Ceiling(rate, float("nan"), float("nan"))
    hits = rng.poisson(inside, DRAWS)
    fell = hits + rng.poisson(max(all_of_it - inside, 0.0), DRAWS)
    if not (fell > 0).any():
        return Ceiling(rate, float("nan"), float("nan"))
    low, high = np.quantile(hits[fell > 0] / fell[fell > 0], (0.025, 0.975))
    return Ceiling(rate, float(low), float(high))
