"""What presence a map's boxes had in one period: how many were visited, for how long. By box, never by officer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from peelian.forecasts.visits import Visit

#: From so many minutes a stay is a full visit: shorter ones showed no effect (Koper 1995,
#: doi 10.1080/07418829500096231).
FULL_VISIT_MINUTES = 10.0


@dataclass(frozen=True, slots=True)
class Presence:
    """Of ``n_boxes`` boxes, ``visited`` had any visit and ``fully_visited`` one of ten minutes or more.

    ``median_minutes`` is of all visits, None without any; ``minutes`` their sum.
    """

    n_boxes: int
    visits: int
    visited: int
    fully_visited: int
    minutes: float
    median_minutes: float | None


def presence(visits: Sequence[Visit], n_boxes: int) -> Presence:
    """Return what the visits to one map's boxes come to; a stay in two maps' box counts for each map asked about."""
    minutes = np.array([v.minutes for v in visits], dtype=np.float64)
    squares = [v.box.square for v in visits]
    full = {s for s, m in zip(squares, minutes.tolist(), strict=True) if m >= FULL_VISIT_MINUTES}
    return Presence(
        n_boxes=n_boxes,
        visits=len(visits),
        visited=len(set(squares)),
        fully_visited=len(full),
        minutes=float(minutes.sum()),
        median_minutes=float(np.median(minutes)) if minutes.size else None,
    )
