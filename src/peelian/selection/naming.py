"""What to call a box: the two commonest crossing streets recorded in it, unique within the list.

No invented nicknames.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from peelian.events.events import Events
from peelian.places.squares import Squares

#: Streets considered for a name; the rest are too rare in the box to be known by it.
_MOST_STREETS = 6
#: Two streets cross when they run at least this much apart in direction; nearer to parallel they may never meet.
_CROSSING_DEGREES = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Streets:
    """Every street name on record and the points of its events, sorted by x; made once a night.

    ``number`` (n_points,) indexes ``names``; ``bearing`` (n_names,) is the direction in degrees (0..180) along which
    a street's points lie, NaN where they are too few or too scattered to say.
    """

    names: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    number: NDArray[np.int64]
    bearing: NDArray[np.float64]

    @classmethod
    def of(cls, events: Events) -> "Streets":
        """Return the streets that these events name."""
        # A feed may call a place by a junction ("Bates St / I 55"): that is not the name of one street.
        is_street = pl.col("street").is_not_null() & ~pl.col("street").str.contains("/", literal=True)
        named = events.table.filter(is_street).sort("x", "y", "event_id")
        names, number = np.unique(named["street"].to_numpy().astype(np.str_), return_inverse=True)
        x, y = named["x"].to_numpy(), named["y"].to_numpy()
        return cls(tuple(names.tolist()), x, y, number.astype(np.int64), _bearings(x, y, number, names.size))

    def points(self) -> dict[str, NDArray[np.float64]]:
        """Return the distinct points recorded on each street, (n, 2) by rising (x, y), streets by name."""
        if not self.names:
            return {}
        rows = np.unique(np.column_stack([self.number.astype(np.float64), self.x, self.y]), axis=0)
        first = np.searchsorted(rows[:, 0], np.arange(len(self.names)))
        return dict(zip(self.names, np.split(rows[:, 1:], first[1:]), strict=True))

    def name_boxes(self, squares: Squares) -> tuple[str, ...]:
        """Return one name a square, "" where no street is recorded in it; taken names give way to the next pair."""
        taken: set[str] = set()
        found = []
        for left, bottom in zip(squares.x_min, squares.y_min, strict=True):
            near = slice(*np.searchsorted(self.x, [left, left + squares.size_m]))
            inside = (self.y[near] >= bottom) & (self.y[near] < bottom + squares.size_m)
            name = next((n for n in self._candidates(self.number[near][inside]) if n not in taken), "")
            taken.add(name)
            found.append(name)
        return tuple(found)

    def _candidates(self, numbers: NDArray[np.int64]) -> list[str]:
        """Crossing pairs of the commonest streets first, then single streets, then other pairs. Ties by name."""
        number, times = np.unique(numbers, return_counts=True)
        ranked = number[np.lexsort((number, -times))[:_MOST_STREETS]]
        pairs = sorted(combinations(range(ranked.size), 2), key=lambda pair: (sum(pair), pair))
        crossing = [p for p in pairs if self._cross(int(ranked[p[0]]), int(ranked[p[1]]))]
        other = [p for p in pairs if p not in crossing]
        name = [self.names[n] for n in ranked]
        return [f"{name[a]} and {name[b]}" for a, b in crossing] + name + [f"{name[a]} and {name[b]}" for a, b in other]

    def _cross(self, one: int, other: int) -> bool:
        apart = abs(self.bearing[one] - self.bearing[other])
        # A street of unknown direction gets the benefit of the doubt: both names were recorded in the box.
        return not min(apart, 180 - apart) < _CROSSING_DEGREES


def _bearings(
    x: NDArray[np.float64], y: NDArray[np.float64], number: NDArray[np.int64], n_names: int
) -> NDArray[np.float64]:
    """Direction of each street's principal axis, from the second moments of its points."""
    n = np.bincount(number, minlength=n_names)
    mean_x, mean_y = (np.bincount(number, v, minlength=n_names) / np.maximum(n, 1) for v in (x, y))
    dx, dy = x - mean_x[number], y - mean_y[number]
    xx, yy, xy = (np.bincount(number, v, minlength=n_names) for v in (dx * dx, dy * dy, dx * dy))
    angle = np.degrees(0.5 * np.arctan2(2 * xy, xx - yy)) % 180
    spread = np.hypot(xx - yy, 2 * xy)
    # Points as wide as they are long have no direction.
    return np.where((n >= 2) & (spread > 0.5 * (xx + yy)), angle, np.nan)  # noqa: PLR2004 - a line takes two points
