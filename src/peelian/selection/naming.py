"""What to call a box: the two commonest streets recorded in it, unique within the list. No invented nicknames."""

from itertools import combinations

import numpy as np
import polars as pl

from peelian.events.events import Events
from peelian.places.squares import Squares

#: Streets considered for a name; the rest are too rare in the box to be known by it.
_MOST_STREETS = 6


def place_names(squares: Squares, events: Events) -> tuple[str, ...]:
    """Return one name a square, "" where no street is recorded in it; names already taken give way to the next pair."""
    named = events.table.filter(pl.col("street").is_not_null())
    x, y = named["x"].to_numpy(), named["y"].to_numpy()
    street = named["street"].to_numpy()
    taken: set[str] = set()
    names = []
    order = np.argsort(x, kind="stable")
    sorted_x = x[order]
    for left, bottom in zip(squares.x_min, squares.y_min, strict=True):
        near = order[np.searchsorted(sorted_x, left) : np.searchsorted(sorted_x, left + squares.size_m)]
        inside = near[(y[near] >= bottom) & (y[near] < bottom + squares.size_m)]
        name = next((n for n in _candidates(street[inside]) if n not in taken), "")
        taken.add(name)
        names.append(name)
    return tuple(names)


def _candidates(streets: "np.ndarray[tuple[int], np.dtype[np.object_]]") -> list[str]:
    """Pairs of the commonest streets first, commonest pair first; then single streets. Ties by name."""
    name, times = np.unique(streets.astype(np.str_), return_counts=True)
    ranked = [str(name[i]) for i in np.lexsort((name, -times))[:_MOST_STREETS]]
    pairs = sorted(combinations(range(len(ranked)), 2), key=lambda pair: (sum(pair), pair))
    return [f"{ranked[a]} and {ranked[b]}" for a, b in pairs] + ranked


def streets_of(events: Events) -> dict[str, "np.ndarray[tuple[int, int], np.dtype[np.float64]]"]:
    """Return the distinct points recorded on each street, (n, 2) by rising (x, y), streets by name."""
    points = (
        events.table.filter(pl.col("street").is_not_null()).select("street", "x", "y").unique().sort("street", "x", "y")
    )
    if not points.height:
        return {}
    name = points["street"].to_numpy()
    first = np.flatnonzero(np.concatenate([[True], name[1:] != name[:-1]]))
    parts = np.split(points.select("x", "y").to_numpy(), first[1:])
    return {str(name[i]): part for i, part in zip(first, parts, strict=True)}
