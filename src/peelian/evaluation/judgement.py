"""One method's answer for one bundle and period, judged area by area against what fell."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from peelian.evaluation.ground import Ground, caught_at
from peelian.evaluation.hits import is_hit, most_hits
from peelian.evaluation.outcomes import Fallen
from peelian.evaluation.scores import score
from peelian.places.periods import Period
from peelian.places.squares import Squares

#: Expected counts of single cells are binned for calibration by these edges, eight to a factor of ten.
CALIBRATION_EDGES = np.concatenate([[0.0], 10.0 ** np.arange(-7, 2.001, 0.125), [np.inf]])

#: One area's score over one period. Sums, so that any rows can be pooled by adding up. NaN: not defined here.
AREA_SCORES = pl.Schema(
    {
        "area": pl.String(),
        "n_boxes": pl.Int32(),
        "chosen_m2": pl.Float64(),
        "area_m2": pl.Float64(),
        "events": pl.Float64(),
        "hits": pl.Float64(),
        "hits_ties_at_random": pl.Float64(),  # of the same number of grid cells, the last places drawn among equals
        "hits_at_random": pl.Float64(),  # expected of as large a choice drawn at random
        "most_hits": pl.Float64(),  # of the best equally large choice, with hindsight
        "expected_in_area": pl.Float64(),
        "expected_in_boxes": pl.Float64(),
        "gain_bits": pl.Float64(),
        "place_bits": pl.Float64(),
        "brier": pl.Float64(),
        "brier_uniform": pl.Float64(),
        "cells": pl.Int64(),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a method said: expected counts (n_cells of the layer's grid,), and each area's boxes with theirs.

    ``expected`` is None for an outside forecast that says only where. Boxes stand on the grid or float off it;
    ``shapes`` are an outside forecast's polygons by area, where they are no squares of one size.
    """

    expected: NDArray[np.float64] | None
    boxes: Mapping[str, tuple[Squares, NDArray[np.float64]]]
    is_floating: bool
    shapes: Mapping[str, NDArray[np.object_]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """The scores by area, and what happened to each event: caught or not, and where its cell stood.

    ``areas`` holds the numeric columns of ``AREA_SCORES``, each (n_areas,); ``is_hit``, ``stands_low`` and
    ``stands_high`` are (n_events,), in the order of ``Fallen``.
    """

    areas: Mapping[str, NDArray[np.float64] | NDArray[np.int64]]
    is_hit: NDArray[np.bool_]
    stands_low: NDArray[np.float64]
    stands_high: NDArray[np.float64]


def judge_answer(
    answer: Answer, fallen: Fallen, ground: Ground, period: Period, uniform_per_day: float | None
) -> Judgement:
    """Return the judgement of one answer.

    ``uniform_per_day`` is the reference of the log score (``scores.uniform_rate``); None where weights make the
    counts no counts of events, or where the answer holds no surface: those scores are then NaN.
    """
    boxed = _boxed(answer, fallen, ground)
    share = np.clip(boxed.chosen_m2 / np.maximum(ground.area_m2, 1.0), 0.0, 1.0)
    low, high = _standing(answer, fallen, ground)
    n = ground.n_areas
    events = np.bincount(fallen.area, fallen.weight, minlength=n)
    nan = np.full(n, np.nan)
    ties = nan
    if answer.expected is not None:
        ties = np.bincount(fallen.area, fallen.weight * caught_at(share[fallen.area], low, high), minlength=n)
    scored = None
    if answer.expected is not None and uniform_per_day is not None:
        scored = score(answer.expected, uniform_per_day, fallen, ground, period)
    areas = {
        "n_boxes": boxed.n_boxes,
        "chosen_m2": boxed.chosen_m2,
        "area_m2": ground.area_m2,
        "events": events,
        "hits": np.bincount(fallen.area, fallen.weight * boxed.hit, minlength=n),
        "hits_ties_at_random": ties,
        "hits_at_random": events * share,
        "most_hits": _hindsight(fallen, ground, boxed.chosen_m2, is_floating=answer.is_floating),
        "expected_in_area": nan if answer.expected is None else ground.by_area(answer.expected),
        "expected_in_boxes": boxed.expected,
        "gain_bits": nan if scored is None else scored.gain_bits,
        "place_bits": nan if scored is None else scored.place_bits,
        "brier": nan if scored is None else scored.brier,
        "brier_uniform": nan if scored is None else scored.brier_uniform,
        "cells": ground.sizes,
    }
    return Judgement(areas, boxed.hit, low, high)


def calibration_sums(
    expected: NDArray[np.float64], fallen: Fallen, ground: Ground
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return (cells, expected, observed) summed over the bins of ``CALIBRATION_EDGES``."""
    n = CALIBRATION_EDGES.size - 1
    counts = expected[ground.cells]
    inside, came = (np.searchsorted(CALIBRATION_EDGES, c, side="right") - 1 for c in (counts, expected[fallen.cell]))
    return (
        np.bincount(inside, minlength=n),
        np.bincount(inside, counts, minlength=n).astype(np.float64),
        np.bincount(came, fallen.weight, minlength=n).astype(np.float64),
    )


def _standing(answer: Answer, fallen: Fallen, ground: Ground) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if answer.expected is None:
        unknown = np.full(fallen.x.size, np.nan)
        return unknown, unknown
    return ground.standing(answer.expected, fallen.cell)


@dataclass(frozen=True, slots=True, eq=False)
class _Boxed:
    """What the boxes of each area caught and cover: is_hit (n_events,), the rest (n_areas,)."""

    hit: NDArray[np.bool_]
    n_boxes: NDArray[np.int64]
    chosen_m2: NDArray[np.float64]
    expected: NDArray[np.float64]


def _boxed(answer: Answer, fallen: Fallen, ground: Ground) -> _Boxed:
    """Return what was caught: an event only by boxes of its own area."""
    n_boxes = np.zeros(ground.n_areas, dtype=np.int64)
    chosen_m2, expected = np.zeros(ground.n_areas), np.zeros(ground.n_areas)
    hit = np.zeros(fallen.x.size, dtype=np.bool_)
    for index, area_id in enumerate(ground.area_ids):
        own = np.flatnonzero(fallen.area == index)
        if area_id in answer.boxes:
            squares, counts = answer.boxes[area_id]
            n_boxes[index], chosen_m2[index] = len(squares), len(squares) * squares.size_m**2
            expected[index] = float(counts.sum())
            hit[own] |= is_hit(squares, fallen.x[own], fallen.y[own])
        if area_id in answer.shapes:
            whole = shapely.union_all(answer.shapes[area_id])
            n_boxes[index] += answer.shapes[area_id].size
            chosen_m2[index] += shapely.area(whole)
            hit[own] |= shapely.intersects_xy(whole, fallen.x[own], fallen.y[own])
    return _Boxed(hit, n_boxes, chosen_m2, expected)


def _hindsight(
    fallen: Fallen, ground: Ground, chosen_m2: NDArray[np.float64], *, is_floating: bool
) -> NDArray[np.float64]:
    """Return the most that an equally large choice could have caught, by area: exact on the grid, else a bound.

    Off the grid: a square as large as a cell that holds an event lies within a cell's side of it both ways, so it
    catches no more than lies there; the ``k`` largest such counts, and never more than all, bound any ``k``.
    """
    most = np.zeros(ground.n_areas)
    size_m = ground.grid.cell_size_m
    # Part of a box may still catch an event: round up, but not for a rounding error.
    n_cells = np.ceil(chosen_m2 / ground.grid.cell_area_m2 - 1e-6).astype(np.int64)
    for index in np.unique(fallen.area):
        own = fallen.area == index
        weight, k = fallen.weight[own], int(n_cells[index])
        if is_floating:
            points = np.column_stack([fallen.x[own], fallen.y[own]])
            near = cKDTree(points).query_ball_point(points, size_m, p=np.inf)
            within = np.array([weight[n].sum() for n in near])
            most[index] = min(most_hits(within, k), float(weight.sum()))
        else:
            cell = np.unique(fallen.cell[own], return_inverse=True)[1]
            most[index] = most_hits(np.bincount(cell, weight).astype(np.float64), k)
    return most
