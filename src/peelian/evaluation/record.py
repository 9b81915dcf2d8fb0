"""The track record: each past period's boxes judged by what then happened, beside the baselines.

No switch turns it off.

Boxes, baselines and events meet on the layer's grid (on a lattice four times finer when boxes float), so one join
judges every area, bundle, method and period at once.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from peelian.events.bundles import Bundle
from peelian.events.events import Events
from peelian.places.areas import AreaLayer
from peelian.places.grid import Grid
from peelian.places.periods import Period

INSTANT = pl.Datetime("us", "UTC")
#: Boxes that were drawn for past periods, by the night itself or replayed from what was known then.
TRACK_SCHEMA = pl.Schema(
    {
        "period_start": INSTANT,
        "area_id": pl.String(),
        "bundle": pl.String(),
        "method": pl.String(),
        "rank": pl.Int32(),
        "x_min": pl.Float64(),
        "y_min": pl.Float64(),
        "size_m": pl.Float64(),
        "expected_count": pl.Float64(),
    }
)
#: One method's boxes over one period: what they caught of what fell, and what could have been caught.
JUDGED_SCHEMA = pl.Schema(
    {
        "period_start": INSTANT,
        "area_id": pl.String(),
        "bundle": pl.String(),
        "method": pl.String(),
        "n_boxes": pl.Int64(),
        "hits": pl.Float64(),
        "events": pl.Float64(),
        "expected": pl.Float64(),
        "coverage": pl.Float64(),
        "most_hits": pl.Float64(),
    }
)
_MAP = ["period_start", "area_id", "bundle"]


def fallen(events: Events, periods: Sequence[Period], bundles: Sequence[Bundle], layer: AreaLayer) -> pl.DataFrame:
    """Return what fell where: one row per period, bundle and event inside a study area.

    Columns period_start, bundle, area_id, x, y, cell (of the layer's grid) and weight (aoristic share
    times the bundle's weight).
    """
    weights = pl.DataFrame(
        [(b.name, t, w) for b in bundles for t, w in b.weights],
        schema={"bundle": pl.String(), "crime_type": pl.String(), "bundle_weight": pl.Float64()},
        orient="row",
    )
    owner, ids = layer.owner, np.array([a.id for a in layer.areas], dtype=np.object_)
    parts = []
    for period in periods:
        inside = events.touching(period)
        cell = layer.grid.cell_of(inside.x, inside.y)
        area = np.where(cell >= 0, owner[np.maximum(cell, 0)], -1)
        kept = area >= 0
        parts.append(
            pl.DataFrame(
                {
                    "period_start": pl.Series([period.start] * int(kept.sum()), dtype=INSTANT),
                    "crime_type": inside.table.get_column("crime_type").filter(kept),
                    "area_id": pl.Series(ids[area[kept]].tolist(), dtype=pl.String()),
                    "x": inside.x[kept],
                    "y": inside.y[kept],
                    "cell": cell[kept],
                    "share": inside.overlap(period)[kept],
                }
            )
        )
    rows = (
        pl.concat(parts).join(weights, on="crime_type").with_columns(weight=pl.col("share") * pl.col("bundle_weight"))
    )
    return rows.select(*_MAP, "x", "y", "cell", "weight")


def judge(track: pl.DataFrame, fell: pl.DataFrame, layer: AreaLayer) -> pl.DataFrame:
    """Return ``JUDGED_SCHEMA`` rows for every map of the track: a period without events stays in the table.

    ``most_hits`` is what the best equally large choice of the grid's cells would have caught, with hindsight.
    """
    if not track.height:
        return pl.DataFrame(schema=JUDGED_SCHEMA)
    lattice = _lattice_of(track, layer.grid)
    held = _cells_of(track, lattice).unique([*_MAP, "method", "lattice_cell"])
    at = fell.with_columns(pl.Series("lattice_cell", lattice.cell_of(fell["x"].to_numpy(), fell["y"].to_numpy())))
    caught = at.group_by(*_MAP, "lattice_cell").agg(pl.col("weight").sum())
    hits = held.join(caught, on=[*_MAP, "lattice_cell"]).group_by(*_MAP, "method").agg(hits=pl.col("weight").sum())
    totals = fell.group_by(_MAP).agg(events=pl.col("weight").sum())
    area_m2 = pl.DataFrame(
        {"area_id": [a.id for a in layer.areas], "area_m2": [a.n_cells * layer.grid.cell_area_m2 for a in layer.areas]},
        schema={"area_id": pl.String(), "area_m2": pl.Float64()},
    )
    maps = track.group_by(*_MAP, "method").agg(
        n_boxes=pl.len().cast(pl.Int64), expected=pl.col("expected_count").sum(), box_m2=(pl.col("size_m") ** 2).sum()
    )
    best = _most_hits(fell, maps)
    judged = (
        maps.join(hits, on=[*_MAP, "method"], how="left")
        .join(totals, on=_MAP, how="left")
        .join(best, on=[*_MAP, "n_boxes"], how="left")
        .join(area_m2, on="area_id", how="left")
        .with_columns(
            pl.col("hits", "events", "most_hits").fill_null(0.0), coverage=pl.col("box_m2") / pl.col("area_m2")
        )
    )
    return judged.select(JUDGED_SCHEMA.names()).cast(JUDGED_SCHEMA).sort(*_MAP, "method")


def _lattice_of(track: pl.DataFrame, grid: Grid) -> Grid:
    """Return the coarsest of the grid and its lattices on whose lines every box lies."""
    corners = track.select("x_min", "y_min", "size_m").unique()
    for factor in (1, 2, 4, 8):
        size = grid.cell_size_m / factor
        on_lines = (corners / size - (corners / size).select(pl.all().round())).select(pl.all().abs().max())
        if max(on_lines.row(0)) < 1e-6:  # noqa: PLR2004 - rounding of metres, not a tuning
            return grid.nested(factor)
    return grid.nested(8)


def _cells_of(track: pl.DataFrame, lattice: Grid) -> pl.DataFrame:
    """Return the track with one row per lattice cell of each box."""
    side = round(float(track["size_m"].to_numpy().max()) / lattice.cell_size_m)
    steps = np.arange(side)
    dx, dy = (a.ravel() for a in np.meshgrid(steps, steps))
    index = np.repeat(np.arange(track.height), dx.size)
    x = track["x_min"].to_numpy()[index] + (np.tile(dx, track.height) + 0.5) * lattice.cell_size_m
    y = track["y_min"].to_numpy()[index] + (np.tile(dy, track.height) + 0.5) * lattice.cell_size_m
    return track.select(*_MAP, "method")[index].with_columns(pl.Series("lattice_cell", lattice.cell_of(x, y)))


def _most_hits(fell: pl.DataFrame, maps: pl.DataFrame) -> pl.DataFrame:
    """Return the most that ``n_boxes`` cells could have caught, for each map and number of boxes in use."""
    by_cell = fell.group_by(*_MAP, "cell").agg(pl.col("weight").sum())
    order = by_cell.sort(*_MAP, "weight", "cell", descending=[False] * 3 + [True, False])
    ranked = order.with_columns(place=pl.int_range(1, pl.len() + 1).over(_MAP))
    sizes = maps.select(*_MAP, "n_boxes").unique()
    return (
        ranked.join(sizes, on=_MAP)
        .filter(pl.col("place") <= pl.col("n_boxes"))
        .group_by(*_MAP, "n_boxes")
        .agg(most_hits=pl.col("weight").sum())
    )
