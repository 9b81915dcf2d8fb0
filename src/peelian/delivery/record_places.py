"""The map of a record's places: points drawn to scale from their own metres, with no street and no network."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: The picture's own units; a margin keeps marks and numbers inside.
_WIDTH, _HEIGHT, _MARGIN = 480.0, 320.0, 28.0
_LEAST_SPAN_M = 200.0
#: Round lengths of the scale bar: 1, 2 or 5 times a power of ten, at most a third of the width.
_ROUND = (5, 2, 1)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: metres of a CRS, its title, and the record it is of."""

    crs: str
    x: float
    y: float
    title: str
    record: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One or several places at one point, numbered from 1."""

    number: int
    x: float
    y: float
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Marks in the picture's units, the length of its scale bar, and how many places lie on another map."""

    marks: tuple[Mark, ...]
    width: float
    height: float
    bar: float
    bar_words: str
    elsewhere: int


def picture_of(spots: Sequence[Spot]) -> Picture | None:
    """Return the picture of the places of the commonest CRS, north up; None where there is no place.

    Places at one point are one mark; marks are numbered in the order in which their places are given.
    """
    if not spots:
        return None
    systems = [spot.crs for spot in spots]
    crs = max(sorted(set(systems)), key=systems.count)
    at: dict[tuple[float, float], list[Spot]] = {}
    for spot in spots:
        if spot.crs == crs:
            at.setdefault((spot.x, spot.y), []).append(spot)
    xs, ys = [x for x, _ in at], [y for _, y in at]
    scale = min(
        (_WIDTH - 2 * _MARGIN) / max(max(xs) - min(xs), _LEAST_SPAN_M),
        (_HEIGHT - 2 * _MARGIN) / max(max(ys) - min(ys), _LEAST_SPAN_M),
    )
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    marks = tuple(
        Mark(n, _WIDTH / 2 + (x - middle_x) * scale, _HEIGHT / 2 - (y - middle_y) * scale, tuple(there))
        for n, ((x, y), there) in enumerate(at.items(), 1)
    )
    metres = _round_length(_WIDTH / 3 / scale)
    words = f"{metres:,.0f} m" if metres < 1000 else f"{metres / 1000:,.0f} km"  # noqa: PLR2004 - a kilometre
    return Picture(marks, _WIDTH, _HEIGHT, metres * scale, words, len(spots) - sum(len(m.spots) for m in marks))


def _round_length(most: float) -> float:
    power = 10.0 ** math.floor(math.log10(most))
    return next(power * n for n in _ROUND if power * n <= most)
