"""On whom the boxes fall: hours of boxes per 1,000 residents, beside crime per 1,000 residents, by neighbourhood.

A map that sends patrols where people of one kind live must be seen to do so, and whether crime there warrants it.
Counts of residents only; a person is never in here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import shapely
from numpy.typing import NDArray

from peelian.errors import EvaluationError
from peelian.places.squares import Squares

#: One neighbourhood. ``hours_per_event`` is NaN where no event fell.
BURDEN_SCHEMA = pl.Schema(
    {
        "neighbourhood": pl.String(),
        "residents": pl.Float64(),
        "box_hours": pl.Float64(),
        "box_hours_per_1000": pl.Float64(),
        "events": pl.Float64(),
        "events_per_1000": pl.Float64(),
        "hours_per_event": pl.Float64(),
    }
)
#: One group of residents, and all of them ("all residents"): what its average member lives with.
GROUP_SCHEMA = pl.Schema(
    {
        "group": pl.String(),
        "people": pl.Float64(),
        "box_hours_per_1000": pl.Float64(),
        "events_per_1000": pl.Float64(),
        "burden_ratio": pl.Float64(),  # box hours, against all residents; 1 is even
        "victim_ratio": pl.Float64(),  # events, against all residents
    }
)
EVERYONE = "all residents"


@dataclass(frozen=True, slots=True, eq=False)
class Residents:
    """Neighbourhoods that do not overlap, in metres, with how many live in each: all, and of each group."""

    names: tuple[str, ...]
    polygons: NDArray[np.object_]
    residents: NDArray[np.float64]
    groups: Mapping[str, NDArray[np.float64]]

    def __post_init__(self) -> None:
        """Refuse counts that are no counts, or that belong to other neighbourhoods."""
        for name, counts in (("residents", self.residents), *self.groups.items()):
            if counts.shape != (len(self.names),):
                raise EvaluationError(f"{name}: {counts.size} counts for {len(self.names)} neighbourhoods.")
            if not (np.isfinite(counts).all() and (counts >= 0).all()):
                bad = int(np.flatnonzero(~(np.isfinite(counts) & (counts >= 0)))[0])
                raise EvaluationError(
                    f"{name} of {self.names[bad]!r} is {counts[bad]}: give whole numbers of people, nought where none."
                )
        if self.residents.sum() <= 0:
            raise EvaluationError("nobody lives in these neighbourhoods; name the column that counts residents.")


def burden(
    where: Residents,
    boxes: Squares,
    hours: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> pl.DataFrame:
    """Return the ``BURDEN_SCHEMA`` rows by neighbourhood, the most burdened residents first.

    ``hours`` (n_boxes,) is how long each box stood; a box on a border counts in each neighbourhood by its share of
    the box. ``x``, ``y``, ``weight`` (n_events,) are the events that fell. Where nobody lives, rates are NaN.
    """
    tree = shapely.STRtree(where.polygons)
    squares = boxes.shapes
    box, place = tree.query(squares, predicate="intersects")
    shared = shapely.area(shapely.intersection(squares[box], where.polygons[place])) / boxes.size_m**2
    box_hours = np.bincount(place, shared * hours[box], minlength=len(where.names)).astype(np.float64)
    event, home = tree.query(shapely.points(x, y), predicate="intersects")
    once = np.unique(event, return_index=True)[1]
    events = np.bincount(home[once], weight[event[once]], minlength=len(where.names)).astype(np.float64)
    table = pl.DataFrame(
        {
            "neighbourhood": list(where.names),
            "residents": where.residents,
            "box_hours": box_hours,
            "box_hours_per_1000": _per_1000(box_hours, where.residents),
            "events": events,
            "events_per_1000": _per_1000(events, where.residents),
            "hours_per_event": np.where(events > 0, box_hours / np.where(events > 0, events, 1.0), np.nan),
        },
        schema=BURDEN_SCHEMA,
    )
    return table.sort(
        pl.col("box_hours_per_1000").fill_nan(-1.0), "neighbourhood", descending=[True, False], maintain_order=True
    )


def by_group(where: Residents, table: pl.DataFrame) -> pl.DataFrame:
    """Return the ``GROUP_SCHEMA`` rows: each group's average over its members, who share their neighbourhood's rate.

    With ``g`` members of the group and rate ``r`` in each neighbourhood: ``sum g r / sum g``. That people of a
    group live evenly within a neighbourhood is assumed, for nothing finer is known.
    """
    index = {name: i for i, name in enumerate(table.get_column("neighbourhood").to_list())}
    order = np.array([index[name] for name in where.names])
    rates = [np.nan_to_num(table.get_column(n).to_numpy()[order]) for n in ("box_hours_per_1000", "events_per_1000")]
    rows = []
    overall = [0.0, 0.0]
    for name, people in ((EVERYONE, where.residents), *where.groups.items()):
        total = float(people.sum())
        mean = [float((people * rate).sum()) / total if total else float("nan") for rate in rates]
        if name == EVERYONE:
            overall = mean
        ratio = [m / all_ if all_ > 0 else float("nan") for m, all_ in zip(mean, overall, strict=True)]
        rows.append((name, total, *mean, *ratio))
    return pl.DataFrame(rows, schema=GROUP_SCHEMA, orient="row")


def _per_1000(counts: NDArray[np.float64], residents: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(residents > 0, counts / np.where(residents > 0, residents, 1.0) * 1000, np.nan)
