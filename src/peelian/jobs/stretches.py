"""Which stretches of street carry the boxes of a night, where a network is given and the feed is fine enough."""

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray

from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.nights import Stretch
from peelian.places.periods import Period
from peelian.places.squares import Squares
from peelian.places.streets import StreetNetwork
from peelian.selection.streets import StreetKernel, street_rates, stretches_of_boxes

#: Streets told of a box: this many at most, none that makes less than this share of it.
MOST_STREETS, LEAST_STREET = 3, 0.05


def rates_in_boxes(
    network: StreetNetwork, history: Events, bundle: Bundle, boxes: Iterable[Squares]
) -> NDArray[np.float64]:
    """Return what is expected a day on every stretch that a box touches, 0 on the others; (n_stretches,)."""
    tree = shapely.STRtree(network.lines)
    touched = [tree.query(squares.shapes, predicate="intersects")[1] for squares in boxes]
    only = np.unique(np.concatenate(touched)) if touched else np.empty(0, dtype=np.int64)
    return street_rates(network, history, bundle, StreetKernel(), only)


def stretches_that_carry(
    network: StreetNetwork, rates: NDArray[np.float64], period: Period, squares: Squares
) -> tuple[tuple[Stretch, ...], ...]:
    """Return, by box, the stretches that carry most of what is expected on its streets, largest first."""
    by_box: list[list[Stretch]] = [[] for _ in range(len(squares))]
    shapes = squares.shapes
    for row in stretches_of_boxes(network, rates, period, squares).iter_rows(named=True):
        told = by_box[row["box"]]
        if row["share"] >= LEAST_STREET and len(told) < MOST_STREETS:
            inside = shapely.intersection(network.lines[row["stretch"]], shapes[row["box"]])
            told.append(Stretch(row["street"], row["share"], row["length_m"], inside))
    return tuple(tuple(told) for told in by_box)
