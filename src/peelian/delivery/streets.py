"""Streets as lines, drawn through the points that are known on them: a picture to find one's way by, not a survey.

A street's points are put in order along its principal axis, drawn together every 40 m, and the line is broken where
two neighbours lie more than 350 m apart. Where a feed gives one point a street, there is no line and none is invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from peelian.delivery.frame import Frame, px
from peelian.places.forces import LocationPrecision

GAP_M = 350.0
_STEP_M = 40.0
_WOBBLE_M = 25.0
#: A shorter line says nothing about the way a street runs; where points are moved on purpose it needs more.
_LEAST_M = {LocationPrecision.STREET_SNAPPED: 500.0, LocationPrecision.AREA: 500.0}
_LEAST_ELSE_M = 150.0
#: Of all drawn streets this share, the longest, are drawn as main streets; and none shorter than this.
_MAIN_SHARE = 0.08
_MAIN_LENGTH_M = 1200.0


@dataclass(frozen=True, slots=True)
class Line:
    """One unbroken stretch of a street, (n, 2) metres."""

    street: str
    points: NDArray[np.float64]
    is_main: bool
    length_m: float


def street_lines(
    streets: Mapping[str, NDArray[np.float64]],
    bounds: tuple[float, float, float, float],
    precision: LocationPrecision = LocationPrecision.EXACT,
) -> tuple[Line, ...]:
    """Return the lines of all streets with a point inside the bounds, longest first (ties: by name)."""
    names = sorted(streets)
    if not names:
        return ()
    sizes = np.array([len(streets[n]) for n in names])
    points = np.concatenate([np.asarray(streets[n], dtype=np.float64).reshape(-1, 2) for n in names])
    owner = np.repeat(np.arange(len(names)), sizes)
    x_min, y_min, x_max, y_max = bounds
    near = (
        (points[:, 0] > x_min - GAP_M)
        & (points[:, 0] < x_max + GAP_M)
        & (points[:, 1] > y_min - GAP_M)
        & (points[:, 1] < y_max + GAP_M)
    )
    if not near.any():
        return ()
    owner, points = _in_order(owner[near], points[near])
    apart = np.hypot(*np.diff(points, axis=0).T)
    cut = np.flatnonzero((np.diff(owner) != 0) | (apart > GAP_M)) + 1
    runs = [(int(o[0]), p) for o, p in zip(np.split(owner, cut), np.split(points, cut), strict=True) if len(p) > 1]
    runs = list(zip((o for o, _ in runs), _straightened([p for _, p in runs]), strict=True))
    lengths = [float(np.hypot(*np.diff(p, axis=0).T).sum()) for _, p in runs]
    least = _LEAST_M.get(precision, _LEAST_ELSE_M)
    long = [(run, m) for run, m in zip(runs, lengths, strict=True) if m >= least]
    runs, lengths = [run for run, _ in long], [m for _, m in long]
    longest = sorted(lengths, reverse=True)
    floor = max(longest[int(len(longest) * _MAIN_SHARE)], _MAIN_LENGTH_M) if longest else 0.0
    lines = [Line(names[o], p, m >= floor, m) for (o, p), m in zip(runs, lengths, strict=True)]
    return tuple(sorted(lines, key=lambda line: (-line.length_m, line.street, *line.points[0])))


def _in_order(owner: NDArray[np.int64], points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the points ordered along each street's principal axis, those within one step drawn together."""
    _, owner_index, sizes = np.unique(owner, return_inverse=True, return_counts=True)
    mean = np.column_stack([np.bincount(owner_index, points[:, i]) / sizes for i in (0, 1)])
    off = points - mean[owner_index]
    xx, yy, xy = (np.bincount(owner_index, v) for v in (off[:, 0] ** 2, off[:, 1] ** 2, off[:, 0] * off[:, 1]))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    along = off[:, 0] * np.cos(angle)[owner_index] + off[:, 1] * np.sin(angle)[owner_index]
    step = np.floor(along / _STEP_M).astype(np.int64)
    order = np.lexsort((step, owner))
    keys = np.column_stack([owner[order], step[order]])
    first = np.concatenate([[True], (np.diff(keys, axis=0) != 0).any(axis=1)])
    group = np.cumsum(first) - 1
    n = np.bincount(group)
    drawn = np.column_stack([np.bincount(group, points[order, i]) / n for i in (0, 1)])
    return owner[order][first], drawn


def _straightened(runs: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Return the lines without the wobble of house numbers: neighbours averaged, then simplified; ends stay."""
    if not runs:
        return []
    sizes = np.array([len(p) for p in runs])
    points, owner = np.concatenate(runs), np.repeat(np.arange(len(runs)), sizes)
    inner = np.zeros(len(points), dtype=np.bool_)
    inner[1:-1] = (owner[1:-1] == owner[:-2]) & (owner[1:-1] == owner[2:])
    at = np.flatnonzero(inner)
    for _ in range(2):
        points[at] = (points[at - 1] + points[at] * 2 + points[at + 1]) / 4
    lines = shapely.simplify(shapely.linestrings(points, indices=owner), _WOBBLE_M)
    kept, index = shapely.get_coordinates(lines, return_index=True)
    return np.split(kept, np.flatnonzero(np.diff(index)) + 1)


def path(lines: list[NDArray[np.float64]], frame: Frame) -> str:
    """Return the lines as one SVG path in the frame's pixels; lines wholly outside are left out."""
    parts: list[str] = []
    for points in lines:
        x, y = frame.x(points[:, 0]), frame.y(points[:, 1])
        if x.max() < 0 or y.max() < 0 or x.min() > frame.width or y.min() > frame.height:
            continue
        parts.append("M" + "L".join(f"{px(a)} {px(b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    return "".join(parts)
