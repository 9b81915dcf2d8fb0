"""The streets: which stretches carry what is expected, over a network and within each box.

Beside the boxes, not in place of them: a stretch is small, so this needs a feed that says where on the street.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from peelian.errors import ForecastError
from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.forecasts.influence import Contributions
from peelian.places.forces import LocationPrecision
from peelian.places.periods import Period
from peelian.places.squares import Squares
from peelian.places.streets import SAME_PLACE_M, StreetNetwork, too_coarse

#: One row a stretch, highest expected count a metre first.
STREET_SCHEMA = pl.Schema(
    {
        "rank": pl.Int32(),
        "stretch": pl.Int64(),
        "street": pl.String(),
        "length_m": pl.Float64(),
        "expected_count": pl.Float64(),
        "share": pl.Float64(),
        "is_chosen": pl.Boolean(),
    }
)
#: One row a stretch in a box: the part of it that lies in the box, and what is expected there.
STRETCH_SCHEMA = pl.Schema(
    {
        "box": pl.Int64(),
        "stretch": pl.Int64(),
        "street": pl.String(),
        "length_m": pl.Float64(),
        "expected_count": pl.Float64(),
        "share": pl.Float64(),
    }
)
_REACH = 4.0
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class StreetKernel:
    """How a crime spreads along the streets: e-fold every ``bandwidth_m`` of way, by half every ``half_life_days``.

    Events further than ``most_m`` from any street are on none and count nowhere.
    """

    bandwidth_m: float = 120.0
    half_life_days: float = 180.0
    most_m: float = 50.0

    def __post_init__(self) -> None:
        """Refuse what is no length or no time."""
        for name in ("bandwidth_m", "half_life_days", "most_m"):
            if not getattr(self, name) > 0:
                raise ForecastError(f"{name} = {getattr(self, name)!r}: give a positive number.")


def check_streets(precision: LocationPrecision) -> None:
    """Refuse streets where the feed does not say where on the street.

    Raises
    ------
    ForecastError
        With the reason: snapped points make single stretches look brilliant and mean nothing.
    """
    why = too_coarse(precision)
    if why:
        raise ForecastError(f"streets: {why}. Use boxes, or a feed with exact or block places.")


def nearest_stretch(
    network: StreetNetwork, x: NDArray[np.float64], y: NDArray[np.float64], most_m: float
) -> NDArray[np.int64]:
    """Return the stretch nearest to each point, -1 where none is within ``most_m``; of equals the lowest number."""
    found = np.full(np.size(x), -1, dtype=np.int64)
    if found.size:
        tree = shapely.STRtree(network.lines)
        point, stretch = tree.query_nearest(shapely.points(x, y), max_distance=most_m)
        order = np.lexsort((stretch, point))
        first = np.unique(point[order], return_index=True)[1]
        found[point[order][first]] = stretch[order][first]
    return found


def street_rates(
    network: StreetNetwork,
    history: Events,
    bundle: Bundle,
    kernel: StreetKernel,
    only: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the expected events a day on each stretch, (n_stretches,); on all streets together the recorded rate.

    ``rate_t = sum_j w_j 2^(-age_j / h) / span  *  l_t exp(-d_jt / b) / sum_s l_s exp(-d_js / b)`` with ``d`` the way
    along the streets from the middle of event j's stretch to that of t (up to four ``b``), ``l`` lengths and ``w`` the
    bundle's weights: an event is shared among the streets that can be walked to from it, and none of it is lost. After
    Rosser, Davies, Bowers, Johnson & Cheng 2017 (doi 10.1007/s10940-016-9321-x), whose kernel is linear along the
    street; ours is exponential, ends at no wall, and has no parameters fitted.

    Where ``only`` numbers stretches, the others are left at 0: events too far off to reach one of them are passed over.

    Raises
    ------
    ForecastError
        When the events and the network are in different coordinates.
    """
    if history.crs != network.crs:
        raise ForecastError(f"history is in {history.crs}, the streets in {network.crs}; project one of them.")
    own = bundle.select(history)
    stretch = nearest_stretch(network, own.x, own.y, kernel.most_m)
    began = own.age_days(history.known_at)
    oldest = float(history.age_days(history.known_at).max(initial=1.0))
    kept = (stretch >= 0) & (began > 0)
    span = kernel.half_life_days / np.log(2) * (1 - 2.0 ** (-max(oldest, 1.0) / kernel.half_life_days))
    sent = bundle.weights_of(own)[kept] * 2.0 ** (-began[kept] / kernel.half_life_days) / span
    total = np.bincount(stretch[kept], sent, minlength=len(network)).astype(np.float64)
    sources = np.flatnonzero(total)
    if only is not None:
        sources = _within_reach(network, sources, only, _REACH * kernel.bandwidth_m)
    way = network.way_between()
    rates = np.zeros(len(network))
    for start in range(0, sources.size, _AT_ONCE):
        some = sources[start : start + _AT_ONCE]
        distance = dijkstra(way, directed=False, indices=some, limit=_REACH * kernel.bandwidth_m)[:, : len(network)]
        near = network.length_m * np.exp(-distance / kernel.bandwidth_m)
        rates += (total[some] / near.sum(axis=1)) @ near
    if only is not None:
        rates[np.setdiff1d(np.arange(rates.size), only)] = 0.0
    return rates


def _within_reach(
    network: StreetNetwork, sources: NDArray[np.int64], only: NDArray[np.int64], reach_m: float
) -> NDArray[np.int64]:
    """Return the sources from which a stretch may be reached: no way is shorter than the straight line."""
    if not (sources.size and only.size):
        return sources[:0]
    middles = shapely.get_coordinates(shapely.line_interpolate_point(network.lines, 0.5, normalized=True))
    apart, _ = cKDTree(middles[only]).query(middles[sources], distance_upper_bound=reach_m + SAME_PLACE_M)
    return sources[np.isfinite(apart)]


def top_streets(network: StreetNetwork, rates: NDArray[np.float64], period: Period, share: float) -> pl.DataFrame:
    """Return every stretch as a ``STREET_SCHEMA`` row; chosen are the best, up to ``share`` of all length.

    Best is most expected a metre; equals stand in the order of the network. A stretch that would overrun the
    share ends the choice.

    Raises
    ------
    ForecastError
        When the share is not above 0 and up to 1.
    """
    if not 0 < share <= 1:
        raise ForecastError(f"share = {share!r}: the best streets are a share of all, above 0 and up to 1.")
    expected = rates * period.days
    order = np.lexsort((np.arange(len(network)), -expected / network.length_m))
    length = network.length_m[order]
    chosen = np.cumsum(length) <= share * length.sum() * (1 + 1e-9)
    total = float(expected.sum())
    return pl.DataFrame(
        {
            "rank": np.arange(1, len(network) + 1, dtype=np.int32),
            "stretch": order.astype(np.int64),
            "street": [network.names[i] for i in order],
            "length_m": length,
            "expected_count": expected[order],
            "share": expected[order] / total if total > 0 else np.zeros(len(network)),
            "is_chosen": chosen,
        },
        schema=STREET_SCHEMA,
    )


def stretches_of_boxes(
    network: StreetNetwork, rates: NDArray[np.float64], period: Period, squares: Squares
) -> pl.DataFrame:
    """Return the stretches in each box as ``STRETCH_SCHEMA`` rows, most expected first; a box of no street has none.

    A stretch that leaves the box counts with the length inside it; ``share`` is of the box's streets together.
    """
    boxes = squares.shapes
    box, stretch = shapely.STRtree(network.lines).query(boxes, predicate="intersects")
    inside = shapely.length(shapely.intersection(network.lines[stretch], boxes[box]))
    kept = inside > 0
    box, stretch, inside = box[kept], stretch[kept], inside[kept]
    expected = rates[stretch] * period.days * inside / network.length_m[stretch]
    of_box = np.bincount(box, expected, minlength=len(squares))[box]
    table = pl.DataFrame(
        {
            "box": box.astype(np.int64),
            "stretch": stretch.astype(np.int64),
            "street": [network.names[i] for i in stretch],
            "length_m": inside,
            "expected_count": expected,
            "share": np.divide(expected, of_box, out=np.zeros(expected.size), where=of_box > 0),
        },
        schema=STRETCH_SCHEMA,
    )
    return table.sort(["box", "expected_count", "stretch"], descending=[False, True, False])


def streets_behind(contributions: Contributions, history: Events) -> pl.DataFrame:
    """Return by which streets each square's expected count comes, from its own explanation: no network is needed.

    Rows of (square, street, expected_count, share, events), largest first; ``street`` is null for what no street's
    events make: events that name none, and the even ground. Shares of a square add up to one. It says on which
    streets the past crimes behind the box were recorded, which is not yet where on them to stand.
    """
    # A box's explanation names hundreds of a history's hundred thousands of events.
    named = history.table.select("event_id", "street").join(contributions, on="event_id", how="semi")
    streets = named.unique("event_id", keep="first", maintain_order=True)
    told = contributions.join(streets, on="event_id", how="left")
    rows = told.group_by("square", "street").agg(
        pl.col("expected_count").sum(), pl.col("share").sum(), events=pl.col("event_id").drop_nulls().n_unique()
    )
    return rows.sort(["square", "expected_count", "street"], descending=[False, True, False], nulls_last=True)
