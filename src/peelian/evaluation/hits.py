"""Hits, hit rate, coverage, PAI and PEI: the field's measures of a choice of boxes.

n hits of N events, a chosen area of A study area. Rates are NaN, not 0, where there was no event.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from peelian.errors import EvaluationError
from peelian.places.squares import Squares


def is_hit(squares: Squares, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points lie in any of the squares, (n_points,); an event in two boxes is one hit."""
    if not len(squares) or not np.size(x):
        return np.zeros(np.size(x), dtype=np.bool_)
    return np.asarray(squares.contain(x, y).any(axis=0))


def hit_rate(hits: float, events: float) -> float:
    """Return n/N; NaN where N = 0: undefined is not nought."""
    return hits / events if events > 0 else float("nan")


def pai(hits: float, events: float, chosen_area: float, study_area: float) -> float:
    """Return the predictive accuracy index (n/N) / (a/A); 1 is chance.

    Chainey, Tompson & Uhlig 2008, doi 10.1057/palgrave.sj.8350066.

    Raises
    ------
    EvaluationError
        When an area is not positive or more is chosen than there is.
    """
    if not 0 < chosen_area <= study_area * (1 + 1e-9):
        raise EvaluationError(
            f"PAI of {chosen_area:g} m² chosen out of {study_area:g} m²: choose some, and no more than all."
        )
    return hit_rate(hits, events) / (chosen_area / study_area)


def pei(hits: float, most_hits: float) -> float:
    """Return the prediction efficiency index n / n*: hits over the most that any equally large choice could have had.

    Hunt 2016 (thesis, University of Cambridge; NIJ challenge). NaN where no choice could have had one.
    """
    return hits / most_hits if most_hits > 0 else float("nan")


def ser(hits: float, chosen_area_m2: float) -> float:
    """Return the search efficiency rate: hits per square kilometre searched.

    Bowers, Johnson & Pease 2004, doi 10.1093/bjc/azh036. NaN where nothing was searched.
    """
    return hits / (chosen_area_m2 / 1e6) if chosen_area_m2 > 0 else float("nan")


def most_hits(counts: NDArray[np.float64], n_boxes: int) -> float:
    """Return the most events that ``n_boxes`` cells of these counts could hold: hindsight on the fixed grid."""
    if n_boxes < 1:
        return 0.0
    if counts.size <= n_boxes:
        return float(counts.sum())
    return float(np.partition(counts, counts.size - n_boxes)[counts.size - n_boxes :].sum())


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed 95 % interval."""

    low: float
    high: float


def proportion_interval(hits: float, events: float, level: float = 0.95) -> Interval:
    """Return the exact (Clopper & Pearson 1934, doi 10.1093/biomet/26.4.404) interval of a hit rate.

    It never falls short of its level, which suits the few events of one night. No events: 0 to 1, which
    says that nothing is known. Weighted hits are taken as they are (the beta quantile needs no whole numbers).
    """
    if events <= 0:
        return Interval(0.0, 1.0)
    tail = (1 - level) / 2
    low = float(betaincinv(hits, events - hits + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, events - hits, 1 - tail)) if hits < events else 1.0
    return Interval(low, high)
